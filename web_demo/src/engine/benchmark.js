/**
 * How fast is each backend here, and how near to PyTorch? In the words of `scnet benchmark --json`,
 * which reads this report: `mobile_runtime/latency_report.py` says what the fields mean.
 *
 * @import { Backend, Progress } from './upscaler.js'
 * @import { CatalogueEntry } from './catalogue.js'
 * @import { Device } from './device.js'
 * @import { Image } from './pixels.js'
 * @import { GoldenImages } from './self_test.js'
 * @import { Ratio, Statistics } from './statistics.js'
 *
 * @typedef {object} Measurement
 * @property {string} file
 * @property {string} precision
 * @property {string} shift
 * @property {string} engine
 * @property {number|null} threads
 * @property {string} placement
 * @property {number} height
 * @property {number} width
 * @property {{load_ms: number, first_run_ms: number, peak_memory_mb: null}} cold
 * @property {Statistics} warm
 * @property {Ratio} ratio
 * @property {number} psnr_db
 *
 * @typedef {object} BenchmarkReport
 * @property {string} device
 * @property {string} date
 * @property {{runs: number, warmup_runs: number, seconds_limit: number}} plan
 * @property {number} warmup_runs
 * @property {Measurement[]} files
 *
 * @typedef {object} Subject A backend that is open.
 * @property {Backend} backend
 * @property {Inference} inference
 * @property {number} threads
 * @property {number} firstRunMs
 * @property {number} psnrDb
 *
 * @typedef {object} Listeners
 * @property {(text: string) => void} onNotice
 * @property {((progress: Progress) => void)|undefined} onProgress
 * @property {AbortSignal|undefined} signal
 */

import { fetchGolden } from './catalogue.js';
import { UpscalerError } from './errors.js';
import { BACKEND_NAMES } from './device.js';
import { Inference, InferenceError } from './inference.js';
import { measureParity, setUp } from './self_test.js';
import { compare, orderOf, summarize } from './statistics.js';

/** The protocol of `mobile_runtime/latency.py`, in less time: visitors wait for it. */
export const PLAN = Object.freeze({ runs: 50, warmup_runs: 5, seconds_limit: 20 });

/** Of the input, in pixels. */
const SIDE = 128;

/**
 * @param {CatalogueEntry} entry
 * @param {ArrayBuffer} model
 * @param {Device} device
 * @param {Backend[]} backends The one to compare with first.
 * @param {Listeners} listeners
 * @returns {Promise<BenchmarkReport>}
 * @throws {UpscalerError} None of the backends works.
 */
export async function runBenchmark(entry, model, device, backends, listeners) {
  const golden = await fetchGolden(entry);
  /** @type {Subject[]} */
  const subjects = [];
  const stop = () => subjects.forEach(({ inference }) => inference.close(listeners.signal?.reason));
  listeners.signal?.addEventListener('abort', stop);
  try {
    for (const backend of backends) {
      listeners.signal?.throwIfAborted();
      const subject = await openSubject(entry, model, device, backend, golden, listeners.onNotice);
      if (subject !== null) subjects.push(subject);
    }
    if (subjects.length === 0) {
      throw new UpscalerError('no-backend', 'None of these backends works here: choose others.');
    }
    const { warmup, rounds } = await runWarm(subjects, listeners);
    return report(entry, device, subjects, warmup.length, rounds);
  } finally {
    listeners.signal?.removeEventListener('abort', stop);
    stop();
  }
}

/**
 * @param {CatalogueEntry} entry
 * @param {ArrayBuffer} model
 * @param {Device} device
 * @param {Backend} backend
 * @param {GoldenImages} golden
 * @param {(text: string) => void} onNotice Told if the backend does not work.
 * @returns {Promise<Subject|null>}
 */
async function openSubject(entry, model, device, backend, golden, onNotice) {
  const setup = setUp(entry, device, backend, model);
  /** @type {Inference|undefined} */
  let inference;
  try {
    inference = await Inference.open(setup);
    const first = await inference.run(noise(SIDE));
    const psnrDb = await measureParity(inference, golden);
    if (psnrDb === null) throw new InferenceError('It gave something that is no picture.');
    const { threads } = setup;
    return { backend, inference, threads, firstRunMs: first.milliseconds, psnrDb };
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    inference?.close();
    onNotice(`${BACKEND_NAMES[backend]} is left out of the benchmark. ${error.message}`);
    return null;
  }
}

/**
 * @param {Subject[]} subjects
 * @param {Listeners} listeners
 * @returns {Promise<{warmup: number[][], rounds: number[][]}>} One time in ms per subject and round.
 */
async function runWarm(subjects, { onProgress, signal }) {
  const total = PLAN.warmup_runs + PLAN.runs;
  const started = performance.now();
  const runRounds = async (
    /** @type {number} */ count,
    /** @type {number} */ limitMs,
    /** @type {number} */ before,
  ) => {
    /** @type {number[][]} */
    const rounds = [];
    while (rounds.length < count && (rounds.length === 0 || longest(rounds) < limitMs)) {
      signal?.throwIfAborted();
      rounds.push(await runRound(subjects, rounds.length));
      const done = before + rounds.length;
      const secondsLeft = (((performance.now() - started) / done) * (total - done)) / 1000;
      onProgress?.({ done, total, secondsLeft });
    }
    return rounds;
  };
  const limitMs = PLAN.seconds_limit * 1000;
  const warmup = await runRounds(PLAN.warmup_runs, limitMs / 2, 0);
  const rounds = await runRounds(PLAN.runs, limitMs - longest(warmup), warmup.length);
  return { warmup, rounds };
}

/**
 * @param {Subject[]} subjects
 * @param {number} number
 * @returns {Promise<number[]>} In ms, in the order of the subjects.
 */
async function runRound(subjects, number) {
  /** @type {number[]} */
  const times = [];
  for (const index of orderOf(subjects.length, number)) {
    const { inference } = /** @type {Subject} */ (subjects[index]);
    times[index] = (await inference.run(noise(SIDE))).milliseconds;
  }
  return times;
}

/**
 * @param {number[][]} rounds
 * @returns {number} What the slowest subject took in all of them, in ms.
 */
function longest(rounds) {
  const sums = (rounds[0] ?? []).map((_, i) => rounds.reduce((sum, round) => sum + (round[i] ?? 0), 0));
  return Math.max(0, ...sums);
}

/**
 * @param {CatalogueEntry} entry
 * @param {Device} device
 * @param {Subject[]} subjects
 * @param {number} warmupRuns
 * @param {number[][]} rounds
 * @returns {BenchmarkReport}
 */
function report(entry, device, subjects, warmupRuns, rounds) {
  const samples = subjects.map((_, i) => rounds.map((round) => /** @type {number} */ (round[i])));
  const first = /** @type {number[]} */ (samples[0]);
  return {
    device: `${device.userAgent}, ${device.cores} cores${device.gpuName && `, ${device.gpuName}`}`,
    date: new Date().toISOString().replace(/\.\d+Z$/, '+00:00'),
    plan: PLAN,
    warmup_runs: warmupRuns,
    files: subjects.map((subject, i) => ({
      file: entry.file,
      precision: entry.precision,
      shift: entry.shift,
      engine: subject.inference.engine,
      threads: subject.backend === 'webgpu' ? null : subject.threads,
      placement: placementOf(subject.backend, entry.operators),
      height: SIDE,
      width: SIDE,
      cold: {
        load_ms: subject.inference.loadMs,
        first_run_ms: subject.firstRunMs,
        peak_memory_mb: null,
      },
      warm: summarize(/** @type {number[]} */ (samples[i])),
      ratio: compare(/** @type {number[]} */ (samples[i]), first),
      psnr_db: subject.psnrDb,
    })),
  };
}

/**
 * @param {Backend} backend
 * @param {number} operators
 */
function placementOf(backend, operators) {
  return backend === 'webgpu'
    ? `${operators} operators, placed by webgpu`
    : `${operators} operators on CPU`;
}

/**
 * The input of all runs, the same at every call.
 *
 * @param {number} side In pixels.
 * @returns {Image}
 */
function noise(side) {
  let state = 1;
  const values = Float32Array.from({ length: 3 * side * side }, () => {
    state = (state * 48271) % 0x7fffffff; // the "minimal standard" generator of C++
    return state / 0x7fffffff;
  });
  return { width: side, height: side, values };
}
