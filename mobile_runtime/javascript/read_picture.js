/**
 * Pictures of every kind that a browser has, as pixels.
 *
 * @import { Pixels } from './pixels.js'
 *
 * @typedef {ImageData|ImageBitmap|Blob|Pixels} Picture
 */

import { UpscalerError } from './errors.js';
import { spreadColors } from './hidden_colors.js';
import { hasTransparency, isGray } from './pixels.js';

/** Rows that are drawn at once: a canvas for a whole photo is more than some phones have. */
const STRIP_ROWS = 512;

/** Bytes that are looked at in one go. */
const LOOK_BYTES = 16_000_000;

/**
 * @typedef {object} Content
 * @property {Pixels} pixels In sRGB, as the network takes them; what the caller gave stays unchanged.
 * @property {boolean} transparent Some are not opaque.
 * @property {boolean} gray None has a color.
 *
 * @param {Picture} picture
 * @returns {Promise<Content>}
 * @throws {UpscalerError} `picture-wrong`: the browser cannot decode it.
 */
export async function readPicture(picture) {
  const { width, height, data } = 'data' in picture ? picture : await decode(picture);
  const own = /** @type {Pixels} */ ({ width, height, data });
  const transparent = await holdsSomewhere(own, hasTransparency);
  const pixels = transparent ? { width, height, data: new Uint8ClampedArray(data) } : own;
  if (transparent) await spreadColors(pixels, letPageBreathe);
  const gray = !(await holdsSomewhere(pixels, (part) => !isGray(part)));
  return { pixels, transparent, gray };
}

/** @type {(pixels: Pixels, check: (part: Pixels) => boolean) => Promise<boolean>} */
async function holdsSomewhere({ width, height, data }, check) {
  for (let at = 0; at < data.length; at += LOOK_BYTES) {
    if (check({ width, height, data: data.subarray(at, at + LOOK_BYTES) })) return true;
    if (data.length > LOOK_BYTES) await letPageBreathe();
  }
  return false;
}

/** @type {(picture: ImageBitmap|Blob) => Promise<Pixels>} */
async function decode(picture) {
  if (!(picture instanceof Blob)) return readPixels(picture);
  const bitmap = await createImageBitmap(picture, { imageOrientation: 'from-image' }).catch((cause) => {
    const text = 'This is not a picture that this browser can open, or it is damaged.';
    throw new UpscalerError('picture-wrong', text, { cause });
  });
  try {
    return await readPixels(bitmap);
  } finally {
    bitmap.close();
  }
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
    if (height > STRIP_ROWS) await letPageBreathe();
  }
  return { width, height, data };
}

/** @type {() => Promise<void>} */
const letPageBreathe = () => new Promise((resolve) => setTimeout(resolve));
