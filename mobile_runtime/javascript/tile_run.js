/**
 * Upscaling of one picture tile by tile, with smaller tiles if memory runs out.
 *
 * @import { Inference } from './inference.js'
 * @import { Model } from './manifest.js'
 * @import { Pixels } from './pixels.js'
 * @import { Content } from './read_picture.js'
 *
 * @typedef {object} Tile A finished piece of the result, in result pixels.
 * @property {number} x
 * @property {number} y
 * @property {Pixels} pixels
 *
 * @typedef {object} Progress
 * @property {number} done
 * @property {number} total
 * @property {number|null} secondsLeft
 *
 * @typedef {{side: number, done: number}} Place How many tiles of a side are finished.
 *
 * @typedef {object} Run
 * @property {Model} model
 * @property {() => Promise<Inference>} ready Returns the open model; opens it again if it was stopped.
 * @property {number} side Of the largest tile, in picture pixels.
 * @property {boolean} exact Whether values are to be those of the whole picture, not within a level.
 * @property {Place} place Is kept up to date; tiles before it are left out.
 * @property {AbortSignal|undefined} signal
 * @property {(tile: Tile) => void} onTile
 * @property {((progress: Progress) => void)|undefined} onProgress
 */

import { ALPHA_REACH } from './alpha.js';
import { UpscalerError } from './errors.js';
import { InferenceError } from './inference.js';
import { crop } from './pixels.js';
import { chooseHalo, planTiles, smallestSide } from './tiles.js';

/** As in `scnet upscale`: more needs more memory than most devices have. */
export const MAX_PIXELS = 64_000_000;

/**
 * Return the initial side of a tile. The head `direct` works at low resolution to the end; the others
 * keep features at the resolution of the result, which takes `scale` squared times the memory.
 *
 * @param {Model} model
 * @returns {number} In picture pixels.
 */
export function startSide({ head, halo }) {
  return Math.max(head === 'direct' ? 256 : 128, smallestSide(halo));
}

/**
 * Return the next smaller side to try.
 *
 * @param {number} side
 * @param {number} halo
 * @returns {number|null} Null if there is none.
 */
export function smallerSide(side, halo) {
  const half = Math.floor(side / 2);
  return half < smallestSide(halo) ? null : half;
}

/**
 * Run all tiles of one size.
 *
 * @param {Content} content
 * @param {Run} run
 * @throws {InferenceError} A tile failed; those before it are finished.
 * @throws {DOMException} `signal` was aborted.
 */
export async function runTiles({ pixels, transparent, gray }, run) {
  const { model, ready, side, exact, place, signal, onTile, onProgress } = run;
  const halo = Math.max(chooseHalo(model, exact), transparent ? ALPHA_REACH : 0);
  const tiles = planTiles(pixels, { halo, side, scale: model.scale });
  const areas = tiles.map(({ read }) => read.width * read.height);
  const inference = await ready();
  const started = performance.now();
  const first = place.side === side ? place.done : 0;
  for (const [index, { read, kept, target }] of tiles.entries()) {
    if (index < first) continue;
    signal?.throwIfAborted();
    const result = await inference.upscale(crop(pixels, read), kept, { gray });
    signal?.throwIfAborted();
    onTile({ ...target, pixels: result });
    Object.assign(place, { side, done: index + 1 });
    const elapsed = performance.now() - started;
    const secondsLeft = estimate(areas.slice(first), index + 1 - first, elapsed) / 1000;
    onProgress?.({ done: index + 1, total: tiles.length, secondsLeft });
  }
}

/**
 * @param {number[]} areas Of all tiles, in pixels.
 * @param {number} done How many of them are finished.
 * @param {number} elapsed
 * @returns {number} Estimated time of the others, in the unit of `elapsed`.
 */
export function estimate(areas, done, elapsed) {
  const sum = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0);
  return (elapsed * sum(areas.slice(done))) / sum(areas.slice(0, done));
}

/**
 * @param {Pixels} pixels
 * @throws {UpscalerError} The picture has too many pixels, or none.
 */
export function checkSize({ width, height }) {
  if (width * height === 0) throw new UpscalerError('too-large', 'The picture has no pixels.');
  if (width * height > MAX_PIXELS) {
    throw new UpscalerError(
      'too-large',
      `The picture has ${width} x ${height} pixels, more than ${MAX_PIXELS / 1e6} million: ` +
        'make it smaller, or cut a piece out.',
    );
  }
}

/**
 * Return the error to show the visitor when a tile failed.
 *
 * @param {unknown} error
 * @returns {unknown} Unchanged unless it is an `InferenceError`.
 */
export function explain(error) {
  if (!(error instanceof InferenceError)) return error;
  const { code, message, outOfMemory } = error;
  const noMemory =
    'This device has too little memory left. Close other tabs and programs, or choose another backend.';
  const failed = `The computation failed: ${message} Try again, or choose another backend.`;
  const text = code ? message : outOfMemory ? noMemory : failed;
  return new UpscalerError(code ?? (outOfMemory ? 'out-of-memory' : 'no-backend'), text, { cause: error });
}
