/**
 * Pictures of every kind that a browser has, as pixels.
 *
 * @import { Pixels } from './pixels.js'
 *
 * @typedef {ImageData|ImageBitmap|Blob|Pixels} Picture
 */

import { UpscalerError } from './errors.js';
import { spreadColors } from './hidden_colors.js';
import { hasTransparency } from './pixels.js';

/** Rows that are drawn at once: a canvas for a whole photo is more than some phones have. */
const STRIP_ROWS = 512;

/**
 * @param {Picture} picture
 * @returns {Promise<Pixels>} In sRGB, as the network takes them; what the caller gave stays unchanged.
 * @throws {UpscalerError} `picture-wrong`: the browser cannot decode it.
 */
export async function readPicture(picture) {
  if ('data' in picture) return hideNothing(picture);
  if (!(picture instanceof Blob)) return hideNothing(await readPixels(picture));
  const bitmap = await createImageBitmap(picture, { imageOrientation: 'from-image' }).catch((cause) => {
    const text = 'This is not a picture that this browser can open, or it is damaged.';
    throw new UpscalerError('picture-wrong', text, { cause });
  });
  try {
    return hideNothing(await readPixels(bitmap));
  } finally {
    bitmap.close();
  }
}

/**
 * Return the same pixels, with colors where nothing can be seen.
 *
 * @param {ImageData|Pixels} picture
 * @returns {Pixels}
 */
function hideNothing({ width, height, data }) {
  const own = /** @type {Pixels} */ ({ width, height, data });
  if (!hasTransparency(own)) return own;
  const copy = { width, height, data: new Uint8ClampedArray(data) };
  spreadColors(copy);
  return copy;
}

/** @type {(bitmap: ImageBitmap) => Promise<Pixels>} */
async function readPixels(bitmap) {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new UpscalerError('out-of-memory', 'This browser has no memory left for a canvas.');
  for (let y = 0; y < height; y += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - y);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -y);
    data.set(context.getImageData(0, 0, width, rows).data, y * width * 4);
    if (height > STRIP_ROWS) await new Promise((resolve) => setTimeout(resolve)); // the page stays quick
  }
  return { width, height, data };
}
