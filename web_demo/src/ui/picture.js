/**
 * Reading of picture files into pixels, as far as this device can hold them.
 *
 * @import { Pixels } from '../../../mobile_runtime/javascript/index.js'
 *
 * @typedef {object} Picture
 * @property {string} name Of the file, or empty.
 * @property {Pixels} pixels
 * @property {boolean} transparent
 * @property {Uint8Array|null} [exif]
 * @property {string[]} [losses] What of the file the result cannot have, in words.
 */

import { hasTransparency, spreadColors } from '../../../mobile_runtime/javascript/index.js';
import { PageError } from './errors.js';
import { endsEarly, findLosses, readExif } from './picture_file.js';
import { MAX_PICTURE_MEGAPIXELS } from './result_size.js';
import { formatMegapixels, formatSize } from './format.js';
import { canvasIsTrue, decodeTruly } from './true_pixels.js';

/** Rows that are drawn at once: a canvas for a whole photo is more than some phones have. */
const STRIP_ROWS = 512;

/**
 * @param {Blob} blob
 * @param {string} name
 * @returns {Promise<Picture>} With EXIF orientation applied, in sRGB; the first of an animation.
 * @throws {PageError}
 */
export async function openPicture(blob, name) {
  const bytes = await readBytes(blob, name);
  if (endsEarly(bytes)) {
    throw new PageError(
      `${quoted(name)} is incomplete: its end is missing. Copy or download it again, or choose another file.`,
    );
  }
  const image = await openImage(blob, name);
  try {
    checkSize({ width: image.naturalWidth, height: image.naturalHeight }, name);
    const pixels = canvasIsTrue()
      ? await decode(blob, image, name)
      : await decodeTruly(bytes, blob.type);
    const transparent = hasTransparency(pixels);
    if (transparent) spreadColors(pixels);
    return { name, pixels, transparent, exif: readExif(bytes), losses: findLosses(bytes) };
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** @type {(blob: Blob, name: string) => Promise<Uint8Array<ArrayBuffer>>} */
async function readBytes(blob, name) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new PageError(
      `${quoted(name)} cannot be read: it is a folder, or a file that was moved or is not on this ` +
        'device. Choose another file, or copy it to this device first.',
      { cause: error },
    );
  }
}

/**
 * Open a file as an element, whose size is known before its pixels take memory: a small file can
 * claim any number of them.
 *
 * @type {(blob: Blob, name: string) => Promise<HTMLImageElement>}
 */
async function openImage(blob, name) {
  const image = new Image();
  const loaded = new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = reject;
  });
  image.src = URL.createObjectURL(blob);
  try {
    await loaded;
    return image;
  } catch (error) {
    URL.revokeObjectURL(image.src);
    throw unreadable(name, error);
  }
}

/** @type {(name: string, cause: unknown) => PageError} */
function unreadable(name, cause) {
  return new PageError(
    `${quoted(name)} is not a picture that this browser can open, or it is damaged. ` +
      'Choose another file, or save it as PNG or JPEG first.',
    { cause },
  );
}

/** @type {(size: {width: number, height: number}, name: string) => void} */
function checkSize(size, name) {
  const count = size.width * size.height;
  if (count === 0) {
    throw new PageError(`${quoted(name)} does not say how large it is. Choose another file.`);
  }
  if (count > MAX_PICTURE_MEGAPIXELS * 1e6) {
    throw new PageError(
      `${quoted(name)} has ${formatSize(size)} pixels, ${formatMegapixels(count)}. ` +
        `This page opens up to ${MAX_PICTURE_MEGAPIXELS} megapixels: choose a smaller picture, or a part of it.`,
    );
  }
}

/** @type {(blob: Blob, image: HTMLImageElement, name: string) => Promise<Pixels>} */
async function decode(blob, image, name) {
  const { naturalWidth: width, naturalHeight: height } = image;
  // In a thread of the browser, which an element is not; but from an element only it makes SVG.
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' })
    .catch(() => image.decode().then(() => image))
    .catch((error) => {
      throw unreadable(name, error);
    });
  try {
    return await readPixels(bitmap, { width, height });
  } finally {
    if ('close' in bitmap) bitmap.close();
  }
}

/** @type {(source: ImageBitmap|HTMLImageElement, size: {width: number, height: number}) => Promise<Pixels>} */
async function readPixels(source, { width, height }) {
  const data = new Uint8ClampedArray(width * height * 4);
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new PageError('This browser has no memory left. Close other tabs and try again.');
  for (let y = 0; y < height; y += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - y);
    context.clearRect(0, 0, width, rows);
    context.drawImage(source, 0, -y, width, height);
    data.set(context.getImageData(0, 0, width, rows).data, y * width * 4);
    // The page stays quick; in a hidden tab timers fire once a second.
    if (!document.hidden && height > STRIP_ROWS) await new Promise((resolve) => setTimeout(resolve));
  }
  return { width, height, data };
}

/** @type {(name: string) => string} */
function quoted(name) {
  return name ? `“${name}”` : 'This file';
}
