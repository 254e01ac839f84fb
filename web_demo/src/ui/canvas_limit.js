/** Largest canvas of this browser, found by trying: no browser reports it. */

import { resultPixelLimit } from './result_size.js';

/** Pixels that every browser's canvas holds; older iPhones hold no more. */
const SAFE_PIXELS = 4096 * 4096;

/** @type {Map<string, boolean>} */
const tried = new Map();

/**
 * @param {{width: number, height: number}} size
 * @returns {boolean} Whether a result of this size fits in memory and on a canvas.
 */
export function canHold({ width, height }) {
  const memoryGb = /** @type {{deviceMemory?: number}} */ (navigator).deviceMemory;
  if (width * height > resultPixelLimit(memoryGb)) return false;
  if (width * height <= SAFE_PIXELS && Math.max(width, height) <= 8192) return true;
  const key = `${width}x${height}`;
  const known = tried.get(key) ?? paints(width, height);
  tried.set(key, known);
  return known;
}

/** @type {(width: number, height: number) => boolean} A canvas beyond the limit stays blank. */
function paints(width, height) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  try {
    const context = canvas.getContext('2d');
    context?.fillRect(width - 1, height - 1, 1, 1);
    return context?.getImageData(width - 1, height - 1, 1, 1).data[3] === 255;
  } catch {
    return false; // some throw instead
  } finally {
    canvas.width = canvas.height = 0; // Safari keeps the memory otherwise
  }
}
