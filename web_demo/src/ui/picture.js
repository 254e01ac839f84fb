/**
 * Reading of picture files into pixels, as far as this device can hold them.
 *
 * @import { Pixels } from '../../../mobile_runtime/javascript/index.js'
 * @import { ColorSpace } from './color_profile.js'
 * @import { Metadata } from './metadata.js'
 *
 * @typedef {object} Picture
 * @property {string} name Of the file, or empty.
 * @property {Pixels} pixels
 * @property {ColorSpace} colorSpace Of the pixels.
 * @property {ImageBitmap|null} bitmap The same as the browser draws it, until somebody takes it.
 * @property {OffscreenCanvas|null} preview Of a large picture: the same in small, which is drawn sooner.
 * @property {boolean} transparent
 * @property {Metadata} metadata
 * @property {string[]} notes What becomes of the file beside its pixels, in words.
 */

import { hasTransparency } from '../../../mobile_runtime/javascript/index.js';
import { STRIP_ROWS, previewStep } from './canvas.js';
import { planColors } from './color_profile.js';
import { PageError } from './errors.js';
import { readMetadata } from './metadata.js';
import { endsEarly, findLosses } from './picture_file.js';
import { MAX_PICTURE_MEGAPIXELS } from './result_size.js';
import { formatMegapixels, formatSize } from './format.js';
import { canvasIsTrue, decodeTruly } from './true_pixels.js';
import { hasCompanion } from './xmp.js';

/**
 * @param {Blob} blob
 * @param {string} name
 * @returns {Promise<Picture>} With EXIF orientation applied; the first of an animation.
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
    const { colorSpace, said } = await planColors(bytes);
    const { pixels, transparent, ...drawn } = canvasIsTrue()
      ? await decode(blob, image, name, colorSpace)
      : withoutCanvas(await decodeTruly(bytes, blob.type));
    const metadata = await readMetadata(bytes);
    const lost = metadata.xmp && hasCompanion(metadata.xmp) ? 'its gain map (HDR) or video is left out' : '';
    const notes = [said, lost, ...findLosses(bytes)].filter(Boolean);
    return { name, pixels, colorSpace, ...drawn, transparent, metadata, notes };
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** @type {(name: string, pixels: Pixels) => Picture} A frame of a video. */
export function asPicture(name, pixels) {
  return { name, pixels, colorSpace: 'srgb', bitmap: null, preview: null, transparent: false, metadata: { exif: null, xmp: null }, notes: [] };
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

/** @typedef {Pick<Picture, 'pixels'|'bitmap'|'preview'|'transparent'>} Decoded */

/** @type {(pixels: Pixels) => Decoded} */
const withoutCanvas = (pixels) => ({ pixels, bitmap: null, preview: null, transparent: hasTransparency(pixels) });

/** @type {(blob: Blob, image: HTMLImageElement, name: string, colorSpace: ColorSpace) => Promise<Decoded>} */
async function decode(blob, image, name, colorSpace) {
  const { naturalWidth: width, naturalHeight: height } = image;
  // In a thread of the browser, which an element is not; but from an element only it makes SVG.
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' })
    .catch(() => image.decode().then(() => image))
    .catch((error) => {
      throw unreadable(name, error);
    });
  const read = await readPixels(bitmap, { width, height }, colorSpace);
  return { ...read, bitmap: bitmap instanceof ImageBitmap ? bitmap : null };
}

/** @type {(source: ImageBitmap|HTMLImageElement, size: {width: number, height: number}, colorSpace: ColorSpace) => Promise<Omit<Decoded, 'bitmap'>>} */
async function readPixels(source, { width, height }, colorSpace) {
  const data = new Uint8ClampedArray(width * height * 4);
  let transparent = false;
  const step = previewStep({ width, height });
  const preview = step > 1 ? new OffscreenCanvas(Math.ceil(width / step), Math.ceil(height / step)) : null;
  const small = preview?.getContext('2d', { colorSpace });
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace });
  if (!context)
    throw new PageError('This browser has no memory left. Close other tabs and try again.');
  for (let y = 0; y < height; y += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - y);
    context.clearRect(0, 0, width, rows);
    context.drawImage(source, 0, -y, width, height);
    const strip = context.getImageData(0, 0, width, rows);
    data.set(strip.data, y * width * 4);
    transparent ||= hasTransparency(strip);
    small?.drawImage(canvas, 0, 0, width, rows, 0, y / step, width / step, rows / step);
    // The page stays quick; in a hidden tab timers fire once a second.
    if (!document.hidden && height > STRIP_ROWS) await new Promise((resolve) => setTimeout(resolve));
  }
  return { pixels: { width, height, data }, preview, transparent };
}

/** @type {(name: string) => string} */
function quoted(name) {
  return name ? `“${name}”` : 'This file';
}
