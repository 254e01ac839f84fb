/**
 * Upscaling of pictures in a browser by SCNet: `createUpscaler`, and what goes with it.
 *
 * Anything that is not named here, or in `benchmark.js`, may change.
 *
 * @typedef {import('./device.js').Backend} Backend
 * @typedef {import('./device.js').Device} Device
 * @typedef {import('./engine_file.js').Loading} Loading
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 * @typedef {import('./manifest.js').Golden} Golden
 * @typedef {import('./manifest.js').Model} Model
 * @typedef {import('./manifest.js').ModelOptions} ModelOptions
 * @typedef {import('./pixels.js').Area} Area
 * @typedef {import('./pixels.js').Pixels} Pixels
 * @typedef {import('./read_picture.js').Picture} Picture
 * @typedef {import('./self_test.js').Choice} Choice
 * @typedef {import('./self_test.js').Trial} Trial
 * @typedef {import('./tile_run.js').Place} Place
 * @typedef {import('./tile_run.js').Progress} Progress
 * @typedef {import('./tile_run.js').Tile} Tile
 * @typedef {import('./upscaler.js').OpenOptions} OpenOptions
 */

import { untilAborted } from './abortable.js';
import { describeDevice, planTrials } from './device.js';
import { fetchEngine } from './engine_file.js';
import { findModel } from './manifest.js';
import { Upscaler } from './upscaler.js';

export { untilAborted } from './abortable.js';
export { BACKEND_NAMES } from './device.js';
export { setEngineFolder, watchLoading } from './engine_file.js';
export { UpscalerError } from './errors.js';
export { crop, hasTransparency } from './pixels.js';
export { Upscaler } from './upscaler.js';

/**
 * Open a model on the fastest backend that computes it correctly on this device.
 *
 * @param {ModelOptions & OpenOptions} [options]
 * @returns {Promise<Upscaler>}
 * @throws {UpscalerError} The files cannot be fetched, or no backend works; see `ErrorCode`.
 * @throws {TypeError} There is no model, or bytes came without a manifest.
 * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
 */
export async function createUpscaler(options = {}) {
  const known = await untilAborted(findModel(options), options.signal);
  return Upscaler.open(known, options);
}

/** Fetch the engine that is tried first on this device, so that the first picture starts sooner. */
export async function preloadEngine() {
  const [first = 'wasm'] = planTrials(await describeDevice()).candidates;
  await fetchEngine(first).catch(() => {}); // it is asked for again
}
