/**
 * Reading of picture files into pixels, as far as this device can hold them.
 *
 * @import { Pixels } from '../engine/pixels.js'
 * @import { PictureHeader } from './picture_header.js'
 *
 * @typedef {{name: string, pixels: Pixels, transparent: boolean}} Picture `name` of the file, or empty.
 */

import { hasTransparency } from '../engine/pixels.js';
import { PageError } from './errors.js';
import { spreadColors } from './hidden_colors.js';
import { readHeaderOf } from './picture_header.js';
import { MAX_PICTURE_MEGAPIXELS } from './result_size.js';
import { formatMegapixels, formatSize } from './format.js';

/** Rows that are drawn at once: a canvas for a whole photo is more than some phones have. */
const STRIP_ROWS = 512;

/**
 * @param {Blob} blob
 * @param {string} name
 * @returns {Promise<Picture>} With EXIF orientation applied, in sRGB; the first of an animation.
 * @throws {PageError}
 */
export async function openPicture(blob, name) {
  const header = await readHeader(blob, name);
  if (!header) {
    throw new PageError(
      `${quoted(name)} is not a picture. Choose a PNG, JPEG, WebP, AVIF, GIF or BMP file.`,
    );
  }
  checkSize(header, name);
  const bitmap = await decode(blob, name, header.format);
  try {
    checkSize(bitmap, name); // a header may be wrong
    const pixels = readPixels(bitmap);
    const transparent = hasTransparency(pixels);
    if (transparent) spreadColors(pixels);
    return { name, pixels, transparent };
  } finally {
    bitmap.close();
  }
}

/** @type {(blob: Blob, name: string) => Promise<PictureHeader|null>} */
async function readHeader(blob, name) {
  try {
    return await readHeaderOf(blob);
  } catch (error) {
    throw new PageError(
      `${quoted(name)} cannot be read: it is a folder, or a file that was moved or is not on this ` +
        'device. Choose another file, or copy it to this device first.',
      { cause: error },
    );
  }
}

/** @type {(size: {width: number, height: number}, name: string) => void} */
function checkSize(size, name) {
  const count = size.width * size.height;
  if (!(size.width > 0 && size.height > 0)) {
    throw new PageError(
      `${quoted(name)} is damaged: it says that it has no pixels. Choose another file.`,
    );
  }
  if (count > MAX_PICTURE_MEGAPIXELS * 1e6) {
    throw new PageError(
      `${quoted(name)} has ${formatSize(size)} pixels, ${formatMegapixels(count)}. ` +
        `This page opens up to ${MAX_PICTURE_MEGAPIXELS} megapixels: choose a smaller picture, or a part of it.`,
    );
  }
}

/** @type {(blob: Blob, name: string, format: string) => Promise<ImageBitmap>} */
async function decode(blob, name, format) {
  try {
    return await createImageBitmap(blob, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new PageError(
      `${quoted(name)} cannot be opened: it is damaged, or this browser does not read ${format}. ` +
        'Choose another file, or save it as PNG or JPEG first.',
      { cause: error },
    );
  }
}

/** @type {(bitmap: ImageBitmap) => Pixels} */
function readPixels(bitmap) {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new PageError('This browser has no memory left. Close other tabs and try again.');
  for (let y = 0; y < height; y += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - y);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -y);
    data.set(context.getImageData(0, 0, width, rows).data, y * width * 4);
  }
  return { width, height, data };
}

/** @type {(name: string) => string} */
function quoted(name) {
  return name ? `“${name}”` : 'This file';
}
