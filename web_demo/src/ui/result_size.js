/**
 * Largest size of a picture and its result, so that the page does not run out of memory.
 *
 * @import { Area } from '../../../mobile_runtime/javascript/index.js'
 * @import { Size } from './view.js'
 */

import { PageError } from './errors.js';
import { formatSize } from './format.js';

/** Megapixels that are decoded; phones take pictures of 50. */
export const MAX_PICTURE_MEGAPIXELS = 64;

/** Results of so many pixels were refused by this browser's canvas. */
let refusedPixels = Infinity;

/** @type {(result: Size) => void} Remember that a canvas of this size stays blank. */
export function refuse({ width, height }) {
  refusedPixels = Math.min(refusedPixels, width * height);
}

/** @type {(result: Size) => boolean} Whether a result fits in memory and on a canvas, as far as is known. */
export function canHold({ width, height }) {
  const memoryGb = /** @type {{deviceMemory?: number}} */ (navigator).deviceMemory;
  return width * height <= resultPixelLimit(memoryGb) && width * height < refusedPixels;
}

/**
 * Return the largest result to hold, in pixels. A result takes 4 bytes per pixel, and as many while it is saved.
 *
 * @param {number|undefined} memoryGb `navigator.deviceMemory`: rounded, and undefined outside
 *   Chromium.
 */
export function resultPixelLimit(memoryGb) {
  return Math.min(memoryGb ?? 4, 8) * 12.5e6; // a tenth of the memory
}

/**
 * @typedef {object} Plan How a picture is enlarged.
 * @property {number} scale Of the network.
 * @property {Size} size Of the result, which is reduced to it.
 * @property {string} label In file names, such as 4x or 1920w.
 */

/**
 * @param {Size} size Of the picture. @param {{scale: number, width: number|null}} wanted The width counts, if given.
 * @param {number[]} scales All there are, smallest first.
 * @returns {Plan} Of the smallest scale that reaches the width, or of the largest.
 * @throws {PageError} There is no such width.
 */
export function planResult(size, { scale, width }, scales) {
  if (width === null) return { scale, size: enlarged(size, scale), label: `${scale}x` };
  if (!(Number.isInteger(width) && width > 0)) throw new PageError('Type the width in whole pixels.');
  if (width <= size.width) {
    const has = formatSize(size);
    throw new PageError(`This picture has ${has} pixels: it is that wide already. Type a larger width.`);
  }
  const enough = scales.find((one) => one * size.width >= width) ?? Math.max(...scales);
  const reached = Math.min(width, enough * size.width);
  const height = Math.max(1, Math.round((size.height * reached) / size.width));
  return { scale: enough, size: { width: reached, height }, label: `${reached}w` };
}

/** @type {(size: Size, factor: number) => Size} */
export function enlarged(size, factor) {
  return { width: size.width * factor, height: size.height * factor };
}

/**
 * Return the largest of some scales whose result can be held.
 *
 * @param {Size} size Of the picture. @param {number[]} scales Smallest first.
 * @param {(result: Size) => boolean} holds
 * @returns {number|null}
 */
export function largestScale(size, scales, holds) {
  return scales.findLast((scale) => holds(enlarged(size, scale))) ?? null;
}

/**
 * Shrink a part of a picture around its middle until its result can be held.
 *
 * @param {Area} part Picture pixels. @param {number} scale @param {(result: Size) => boolean} holds
 * @returns {Area} In whole pixels.
 */
export function holdablePart(part, scale, holds) {
  let { width, height } = { width: Math.ceil(part.width), height: Math.ceil(part.height) };
  while (width + height > 2 && !holds(enlarged({ width, height }, scale))) {
    width = Math.max(1, Math.floor(width * 0.9));
    height = Math.max(1, Math.floor(height * 0.9));
  }
  const x = Math.max(0, Math.floor(part.x + (part.width - width) / 2));
  const y = Math.max(0, Math.floor(part.y + (part.height - height) / 2));
  return { x, y, width, height };
}
