/**
 * Benchmark of the backends on this device, the second door: latency, and difference to PyTorch.
 *
 * @import { Backend, Device } from './device.js'
 * @import { Model, ModelOptions } from './manifest.js'
 * @import { GoldenImages } from './parity.js'
 * @import { Progress } from './tile_run.js'
 * @import { Setup } from './worker.js'
 *
 * @typedef {import('./benchmark_report.js').BenchmarkReport} BenchmarkReport
 *
 * @typedef {object} Subject An open backend.
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

import { describeRuns } from './benchmark_report.js';
import { NOISE, runWarm } from './benchmark_rounds.js';
import { untilAborted } from './abortable.js';
import { BACKEND_NAMES, describeDevice, planTrials } from './device.js';
import { UpscalerError } from './errors.js';
import { Inference, InferenceError } from './inference.js';
import { findModel } from './manifest.js';
import { fetchGolden, fetchModel } from './model_files.js';
import { measureParity, setUp } from './self_test.js';
import { explain } from './tile_run.js';

/**
 * Measure backends with a model, as `scnet benchmark` measures files.
 *
 * @param {ModelOptions & Partial<Listeners> & {backends?: Backend[]}} [options] The first of `backends`
 *   is compared with; by default all that can be used on this device, the slowest first.
 * @returns {Promise<BenchmarkReport>} In the format of `scnet benchmark --json`.
 * @throws {UpscalerError} None of the backends works, or one failed later.
 * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
 */
export async function runBenchmark(options = {}) {
  const { backends, onNotice = () => {}, onProgress, signal } = options;
  const listeners = { onNotice, onProgress, signal };
  const work = async () => {
    const model = await findModel(options);
    const device = await describeDevice();
    const wanted = backends ?? planTrials(device).candidates.toReversed();
    return measure(model, device, wanted, listeners);
  };
  return untilAborted(work(), signal).catch((error) => {
    throw explain(error);
  });
}

/** @type {(model: Model, device: Device, backends: Backend[], listeners: Listeners) => Promise<BenchmarkReport>} */
async function measure(model, device, backends, listeners) {
  const [bytes, golden] = [await fetchModel(model), await fetchGolden(model)];
  /** @type {Subject[]} */
  const subjects = [];
  try {
    for (const backend of backends) {
      const setup = setUp(model, device, backend, bytes);
      const subject = await openSubject(setup, golden, listeners);
      if (subject !== null) subjects.push(subject);
    }
    if (subjects.length === 0) {
      throw new UpscalerError('no-backend', 'None of these backends works here: choose others.');
    }
    return describeRuns(model, device, subjects, await runWarm(subjects, listeners));
  } finally {
    for (const { inference } of subjects) inference.close();
  }
}

/**
 * @param {Setup} setup
 * @param {GoldenImages[]} golden
 * @param {Listeners} listeners `onNotice` is called if the backend does not work.
 * @returns {Promise<Subject|null>}
 */
async function openSubject(setup, golden, { onNotice, signal }) {
  const { backend, threads } = setup;
  /** @type {Inference|undefined} */
  let inference;
  try {
    inference = await Inference.open(setup, signal);
    const first = await inference.run(NOISE);
    const psnrDb = await measureParity(inference, golden);
    if (psnrDb === null) throw new InferenceError('Its output was not a picture.');
    return { backend, inference, threads, firstRunMs: first.milliseconds, psnrDb };
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    inference?.close();
    onNotice(`${BACKEND_NAMES[backend]} is left out of the benchmark. ${error.message}`);
    return null;
  }
}
