/**
 * Self-test of the backends on the golden samples, before one gets a picture: some drivers and
 * engines compute wrong pictures without an error (onnxruntime#24070, #26734).
 *
 * @import { CatalogEntry } from './catalog.js'
 * @import { Backend, Device } from './device.js'
 * @import { GoldenImages } from './parity.js'
 * @import { Setup } from './worker.js'
 *
 * @typedef {object} Trial Result of one backend in the self-test.
 * @property {Backend} backend
 * @property {boolean} passed
 * @property {number|null} psnrDb Lowest over the golden samples; null if its output was no picture.
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

import { fetchGolden, fetchModel } from './catalog.js';
import { BACKEND_NAMES, chooseThreads, planTrials } from './device.js';
import { UpscalerError } from './errors.js';
import { Inference, InferenceError } from './inference.js';
import { TRUSTED_PSNR_DB, psnrDb } from './parity.js';
import { cacheTrials, readCachedTrials } from './self_test_cache.js';
import { explain } from './tile_run.js';

/**
 * Open a model on the best backend that reproduces the golden samples, or on the one asked for.
 *
 * @param {CatalogEntry} entry
 * @param {Device} device
 * @param {Backend|'auto'} backend
 * @param {AbortSignal} signal Stops it, and closes the model even later.
 * @returns {Promise<Chosen>}
 * @throws {UpscalerError} The files cannot be fetched, or no backend works.
 * @throws The reason of `signal`.
 */
export async function choose(entry, device, backend, signal) {
  const model = await fetchModel(entry);
  const setUpFor = (/** @type {Backend} */ one) => setUp(entry, device, one, model);
  if (backend !== 'auto') return test(entry, [setUpFor(backend)], [], signal);
  const known = await reopen(readCachedTrials(keyOf(entry, device)), setUpFor, signal);
  if (known !== null) return known;
  const { candidates, skipped } = planTrials(device);
  const chosen = await test(entry, candidates.map(setUpFor), skipped, signal);
  const { trials } = chosen.choice;
  if (areConclusive(trials)) cacheTrials(keyOf(entry, device), trials);
  return chosen;
}

/**
 * Check whether the next visit would find the same. A busy network or driver may do better then; a
 * backend that does not answer at all would cost two minutes at every visit.
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
 * @returns {Promise<number|null>} The lowest PSNR in dB; null if an output is no picture.
 */
export async function measureParity(inference, golden) {
  const found = [];
  for (const { input, output } of golden) {
    const { image } = await inference.run(input);
    found.push(psnrDb(output, image));
  }
  return found.includes(null) ? null : Math.min(.../** @type {number[]} */ (found));
}

/**
 * @param {CatalogEntry} entry
 * @param {Device} device
 * @param {Backend} backend
 * @param {ArrayBuffer} model
 * @returns {Setup}
 */
export function setUp(entry, device, backend, model) {
  const { input, output, scale } = entry;
  return { backend, threads: chooseThreads(backend, device), model, input, output, scale };
}

/**
 * @param {Trial[]} trials From the cache.
 * @param {(backend: Backend) => Setup} setUpFor
 * @param {AbortSignal} signal
 * @returns {Promise<Chosen|null>} Null if nothing is cached, or the backend no longer works.
 */
async function reopen(trials, setUpFor, signal) {
  const passed = trials.find((trial) => trial.passed);
  if (passed === undefined) return null;
  const setup = setUpFor(passed.backend);
  try {
    const inference = await Inference.open(setup, signal);
    return { choice: conclude(setup, trials), inference, setup };
  } catch {
    return null; // the full test finds out why
  }
}

/**
 * @param {CatalogEntry} entry
 * @param {Setup[]} candidates Best first.
 * @param {Trial[]} skipped
 * @param {AbortSignal} signal
 * @returns {Promise<Chosen>}
 */
async function test(entry, candidates, skipped, signal) {
  const golden = await fetchGolden(entry);
  const trials = [...skipped];
  for (const setup of candidates) {
    const { trial, inference } = await attempt(setup, golden, signal);
    trials.push(trial);
    if (inference) return { choice: conclude(setup, trials), inference, setup };
  }
  throw noBackendError(trials.slice(skipped.length));
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
    const trial = assess(backend, await measureParity(inference, golden));
    if (!trial.passed) inference.close();
    return { trial, inference: trial.passed ? inference : null };
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    inference?.close();
    const reason = `It failed: ${error.message}`;
    return { trial: { backend, passed: false, psnrDb: null, reason, error }, inference: null };
  }
}

/**
 * @param {Backend} backend
 * @param {number|null} psnr In dB.
 * @returns {Trial}
 */
export function assess(backend, psnr) {
  if (psnr === null) {
    return { backend, passed: false, psnrDb: null, reason: 'Its output was not a picture.' };
  }
  const passed = psnr >= TRUSTED_PSNR_DB;
  const figure = `${psnr.toFixed(1)} dB, and at least ${TRUSTED_PSNR_DB} are required`;
  const reason = passed
    ? `It reproduced the test pictures (${figure}).`
    : `It computed a wrong picture (${figure}).`;
  return { backend, passed, psnrDb: psnr, reason };
}

/**
 * @param {Setup} setup
 * @param {Trial[]} trials The last one is that of the backend chosen.
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
 * @param {CatalogEntry} entry
 * @param {Device} device
 */
function keyOf(entry, device) {
  const { userAgent, gpuName, isolated, cores } = device;
  // The address contains the hash of all modules, and so the version of the engine.
  return [import.meta.url, entry.sha256, userAgent, gpuName, isolated, cores].join(' ');
}

/** @param {Trial} trial */
const describe = ({ backend, reason }) => `${BACKEND_NAMES[backend]}: ${reason}`;
