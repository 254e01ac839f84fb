/**
 * Bicubic upscaling of transparency, bit for bit as `scnet upscale` does it: Pillow's
 * `resize(BICUBIC)` on 8-bit values.
 *
 * @import { Area, Pixels } from './pixels.js'
 *
 * @typedef {object} Taps Inputs of one result pixel along one axis.
 * @property {number} start
 * @property {number[]} weights
 */

/** Receptive-field radius in picture pixels; tiles of a transparent picture overlap by it. */
export const ALPHA_REACH = 2;

/** Pillow computes with weights of 22 binary places: 32 bits, less 8 of the value and 2 to spare. */
const ONE = 2 ** 22;

/**
 * Write the transparency of a tile into its result.
 *
 * @param {Pixels} tile What went into the network; ends at the border of the picture, or
 *   `ALPHA_REACH` pixels away from the kept part.
 * @param {number} scale
 * @param {Area} area The part of the upscaled tile that `result` holds.
 * @param {Pixels} result
 */
export function upscaleAlpha(tile, scale, area, result) {
  const columns = taps(tile.width, scale, area.x, area.width);
  const rows = taps(tile.height, scale, area.y, area.height);
  const wide = new Uint8ClampedArray(tile.height * area.width);
  for (let y = 0; y < tile.height; y++) {
    columns.forEach((column, x) => {
      wide[y * area.width + x] = blend(column, tile.data, 4 * y * tile.width + 3, 4);
    });
  }
  rows.forEach((row, y) => {
    for (let x = 0; x < area.width; x++) {
      result.data[4 * (y * area.width + x) + 3] = blend(row, wide, x, area.width);
    }
  });
}

/**
 * @param {number} length Of the axis before.
 * @param {number} scale
 * @param {number} first Result pixel.
 * @param {number} count Of result pixels.
 * @returns {Taps[]}
 */
function taps(length, scale, first, count) {
  return Array.from({ length: count }, (_, i) => {
    const center = (first + i + 0.5) / scale;
    const start = Math.max(0, Math.trunc(center - ALPHA_REACH + 0.5));
    const stop = Math.min(length, Math.trunc(center + ALPHA_REACH + 0.5));
    const weights = Array.from({ length: stop - start }, (_, k) => cubic(start + k - center + 0.5));
    const sum = weights.reduce((a, b) => a + b);
    return { start, weights: weights.map((weight) => roundAway((weight / sum) * ONE)) };
  });
}

/**
 * @param {Taps} taps
 * @param {Uint8ClampedArray} values
 * @param {number} offset Of the axis' first value.
 * @param {number} step From one value of the axis to the next.
 * @returns {number}
 */
function blend({ start, weights }, values, offset, step) {
  let sum = ONE / 2;
  weights.forEach((weight, k) => {
    sum += weight * /** @type {number} */ (values[offset + step * (start + k)]);
  });
  return Math.floor(sum / ONE);
}

/** @type {(distance: number) => number} Return Keys' cubic kernel with a = -0.5. */
function cubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** @param {number} value */
const roundAway = (value) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
