/**
 * Canvases of large pictures: no browser says how large one may be, and all take long over large ones.
 *
 * @import { ColorSpace } from './color_profile.js'
 * @import { Size } from './view.js'
 */

import { canvasIsTrue } from './true_pixels.js';

/** Rows that are drawn at once: a canvas for a whole photo is more than some phones have. */
export const STRIP_ROWS = 512;

/** Longest side of a preview, in pixels: more than most screens show. */
const PREVIEW_SIDE = 2048;

/** @type {(size: Size) => number} Pixels per pixel of the preview: a power of two, so that strips meet; 1 needs none. */
export function previewStep({ width, height }) {
  let step = 1;
  while (Math.max(width, height) / step > PREVIEW_SIDE) step *= 2;
  return step;
}

/** @type {(size: Size, colorSpace: ColorSpace) => OffscreenCanvasRenderingContext2D|null} Of a new canvas; null if it cannot be held. */
export function makeCanvas({ width, height }, colorSpace) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { colorSpace });
  if (context && isHeld(context)) return context;
  canvas.width = canvas.height = 0; // Safari keeps the memory otherwise
  return null;
}

/** @type {(context: OffscreenCanvasRenderingContext2D) => boolean} A canvas beyond the limit stays blank, or throws. */
function isHeld(context) {
  if (!canvasIsTrue()) return true;
  const [x, y] = [context.canvas.width - 1, context.canvas.height - 1];
  try {
    context.fillRect(x, y, 1, 1);
    const isPainted = context.getImageData(x, y, 1, 1).data[3] === 255;
    context.clearRect(x, y, 1, 1);
    return isPainted;
  } catch {
    return false;
  }
}
