/**
 * Self-test of the backends on the golden samples, before one gets a picture: some drivers and
 * engines compute wrong pictures without an error (onnxruntime#24070, #26734).
 *
 * @import { Backend, Device } from './device.js'
 * @import { Model } from './manifest.js'
 * @import { GoldenImages } from './parity.js'
 * @import { Setup } from './worker.js'
 *
 * @typedef {object} Trial Result of one backend in the self-test.
 * @property {Backend} backend
 * @property {boolean} passed
 * @property {number|null} psnrDb Lowest over the golden samples; null if its output was no picture.
 * @property {number|null} tileMs Time of one tile of 128x128, if it passed.
 * @property {string} reason A sentence for the visitor.
 * @property {InferenceError} [error] Why it ended early, if it did.
 *
 * @typedef {object} Choice
 * @property {Backend} backend
 * @property {number} threads
 * @property {string} reason
 * @property {Trial[]} trials
 *
 * @typedef {{choice: Choice, inference: Inference, setup: Setup}} Chosen
 */

import { NOISE } from './benchmark_rounds.js';
import { fetchGolden, fetchModel } from './model_files.js';
import { BACKEND_NAMES, chooseThreads, planTrials } from './device.js';
import { UpscalerError } from './errors.js';
import { Inference, InferenceError } from './inference.js';
import { TRUSTED_PSNR_DB, psnrDb } from './parity.js';
import { cacheTrials, readCachedTrials } from './self_test_cache.js';
import { explain } from './tile_run.js';

/**
 * Open a model on the best backend that reproduces the golden samples, or on the one asked for.
 *
 * @param {Model} model
 * @param {Device} device
 * @param {Backend|'auto'} backend
 * @param {AbortSignal} signal Stops it, and closes the model even later.
 * @param {ReadonlySet<Backend>} [failed] Those that stopped working in this visit.
 * @returns {Promise<Chosen>}
 * @throws {UpscalerError} The files cannot be fetched, or no backend works.
 * @throws The reason of `signal`.
 */
export async function choose(model, device, backend, signal, failed = new Set()) {
  const bytes = await fetchModel(model);
  const setUpFor = (/** @type {Backend} */ one) => setUp(model, device, one, bytes);
  if (backend !== 'auto') return test(model, [setUpFor(backend)], [], signal);
  const isLeft = (/** @type {{backend: Backend}} */ one) => !failed.has(one.backend);
  const cached = readCachedTrials(keyOf(model, device)).filter(isLeft);
  const known = await reopen(cached, setUpFor, signal);
  if (known !== null) return known;
  const { candidates, skipped } = planTrials(device);
  const chosen = await test(model, candidates.map(setUpFor).filter(isLeft), skipped, signal);
  const { trials } = chosen.choice;
  if (failed.size === 0 && areConclusive(trials)) cacheTrials(keyOf(model, device), trials);
  return chosen;
}

/**
 * Check whether the next visit would find the same. A busy network or driver may do better then; a
 * backend that twice did not answer at all would cost that time at every visit.
 *
 * @param {Trial[]} trials
 */
function areConclusive(trials) {
  return trials.every(({ error }) => error?.timedOut ?? true);
}

/**
 * Measure the difference of a backend to PyTorch.
 *
 * @param {Inference} inference
 * @param {GoldenImages[]} golden
 * @returns {Promise<number|null>} The lowest PSNR in dB; null if an output is no picture. Infinity without
 *   golden samples.
 */
export async function measureParity(inference, golden) {
  const found = [];
  for (const { input, output } of golden) {
    const { image } = await inference.run(input);
    found.push(psnrDb(output, image));
  }
  return found.includes(null) ? null : Math.min(.../** @type {number[]} */ (found));
}

/** @type {(model: Model, device: Device, backend: Backend, bytes: ArrayBuffer) => Setup} */
export function setUp({ input, output, scale }, device, backend, bytes) {
  return { backend, threads: chooseThreads(backend, device), model: bytes, input, output, scale };
}

/**
 * @param {Trial[]} trials From the cache.
 * @param {(backend: Backend) => Setup} setUpFor
 * @param {AbortSignal} signal
 * @returns {Promise<Chosen|null>} Null if nothing is cached, or the backend no longer works.
 */
async function reopen(trials, setUpFor, signal) {
  const fastest = findFastest(trials);
  if (fastest === undefined) return null;
  const setup = setUpFor(fastest.backend);
  try {
    const inference = await Inference.open(setup, signal);
    return { choice: conclude(setup, trials), inference, setup };
  } catch {
    return null; // the full test finds out why
  }
}

/**
 * Test the candidates, and keep the fastest that passes.
 *
 * @param {Model} model
 * @param {Setup[]} candidates
 * @param {Trial[]} skipped
 * @param {AbortSignal} signal
 * @returns {Promise<Chosen>}
 */
async function test(model, candidates, skipped, signal) {
  const golden = await fetchGolden(model);
  const trials = [...skipped];
  /** @type {Map<Trial, {inference: Inference, setup: Setup}>} */
  const open = new Map();
  for (const setup of candidates) {
    // One thread computes the same as several, only slower.
    if (setup.backend === 'wasm' && trials.some(isThreaded)) continue;
    let { trial, inference } = await attempt(setup, golden, signal);
    if (trial.error?.timedOut) ({ trial, inference } = await attempt(setup, golden, signal));
    trials.push(trial);
    if (inference) open.set(trial, { inference, setup });
  }
  const fastest = findFastest(trials);
  for (const [trial, { inference }] of open) if (trial !== fastest) inference.close();
  const kept = fastest && open.get(fastest);
  if (!kept) throw noBackendError(trials.slice(skipped.length));
  return { choice: conclude(kept.setup, trials), ...kept };
}

/** @type {(trial: Trial) => boolean} */
const isThreaded = ({ backend, passed }) => backend === 'wasm-threads' && passed;

/** @type {(trials: Trial[]) => Trial|undefined} Of those that passed. */
function findFastest(trials) {
  const time = (/** @type {Trial} */ { tileMs }) => tileMs ?? Infinity;
  return trials.filter(({ passed }) => passed).sort((a, b) => time(a) - time(b))[0];
}

/**
 * @param {Setup} setup
 * @param {GoldenImages[]} golden
 * @param {AbortSignal} signal
 * @returns {Promise<{trial: Trial, inference: Inference|null}>} Open only if the trial passed.
 */
async function attempt(setup, golden, signal) {
  const { backend } = setup;
  /** @type {Inference|undefined} */
  let inference;
  try {
    inference = await Inference.open(setup, signal);
    const psnr = await measureParity(inference, golden);
    const tileMs = isTrusted(psnr) ? await timeTile(inference) : null;
    const trial = assess(backend, psnr, tileMs);
    if (!trial.passed) inference.close();
    return { trial, inference: trial.passed ? inference : null };
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    inference?.close();
    const failure = { backend, passed: false, psnrDb: null, tileMs: null };
    return { trial: { ...failure, reason: `It failed: ${error.message}`, error }, inference: null };
  }
}

/** @type {(inference: Inference) => Promise<number>} In ms; the first run of a size takes longer. */
async function timeTile(inference) {
  await inference.run(NOISE);
  return (await inference.run(NOISE)).milliseconds;
}

/** @type {(psnr: number|null) => boolean} */
const isTrusted = (psnr) => psnr !== null && psnr >= TRUSTED_PSNR_DB;

/**
 * @param {Backend} backend
 * @param {number|null} psnr In dB.
 * @param {number|null} tileMs
 * @returns {Trial}
 */
export function assess(backend, psnr, tileMs) {
  const passed = isTrusted(psnr);
  const found = psnr === Infinity ? 'It runs, untested' : 'It passed the test';
  const reason = passed
    ? `${found}, with ${Math.round(tileMs ?? NaN)} ms for a small picture.`
    : `It computed ${psnr === null ? 'no picture at all' : 'a wrong picture'}.`;
  return { backend, passed, psnrDb: psnr, tileMs, reason };
}

/**
 * @param {Setup} setup
 * @param {Trial[]} trials Of all backends.
 * @returns {Choice}
 */
function conclude({ backend, threads }, trials) {
  return { backend, threads, reason: trials.map(describe).join(' '), trials };
}

/** @param {Trial[]} trials Of all backends that could be tried. */
function noBackendError(trials) {
  const found = trials.map(describe);
  const words = ['The model cannot be run here.', ...found, 'Choose another backend or browser.'];
  // Where the engine could not be fetched, nothing is known of the device.
  const missing = trials.find(({ error }) => error?.code)?.error;
  const error = missing ? explain(missing) : new UpscalerError('no-backend', words.join(' '));
  return Object.assign(/** @type {UpscalerError} */ (error), { trials });
}

/**
 * @param {Model} model
 * @param {Device} device
 */
function keyOf(model, device) {
  const { userAgent, gpuName, isolated, cores } = device;
  // The address contains the hash of all modules, and so the version of the engine.
  return [import.meta.url, model.sha256, model.golden.length, userAgent, gpuName, isolated, cores].join(' ');
}

/** @param {Trial} trial */
const describe = ({ backend, reason }) => `${BACKEND_NAMES[backend]}: ${reason}`;
