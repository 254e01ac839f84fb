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
export type Backend = import('./device.js').Backend;
export type Device = import('./device.js').Device;
export type Loading = import('./engine_file.js').Loading;
export type ErrorCode = import('./errors.js').ErrorCode;
export type Golden = import('./manifest.js').Golden;
export type Model = import('./manifest.js').Model;
export type ModelOptions = import('./manifest.js').ModelOptions;
export type Area = import('./pixels.js').Area;
export type Pixels = import('./pixels.js').Pixels;
export type Picture = import('./read_picture.js').Picture;
export type Choice = import('./self_test.js').Choice;
export type Trial = import('./self_test.js').Trial;
export type Place = import('./tile_run.js').Place;
export type Progress = import('./tile_run.js').Progress;
export type Tile = import('./tile_run.js').Tile;
export type OpenOptions = import('./upscaler.js').OpenOptions;
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
export declare function createUpscaler(options?: ModelOptions & OpenOptions): Promise<Upscaler>;
/** Fetch the engine that is tried first on this device, so that the first picture starts sooner. */
export declare function preloadEngine(): Promise<void>;
