/**
 * Saving of results as files, sharing, and copying to the clipboard.
 *
 * @import { ColorSpace } from './color_profile.js'
 * @import { Comparison } from './comparison.js'
 * @import { Picture } from './picture.js'
 */

import { PageError } from './errors.js';
import { resultName } from './format.js';
import { canHoldExif, readExif, withExif } from './exif.js';
import { canvasIsTrue, encodeTruly } from './true_pixels.js';

/** Of JPEG and WebP: high enough to keep the details that the network adds. */
const QUALITY = 0.95;

/** @type {Record<string, string>} Media types by extension. */
const TYPES = { png: 'image/png', webp: 'image/webp', jpg: 'image/jpeg' };

/** @type {() => Promise<string[]>} The extensions of what this browser can write. */
export async function writableFormats() {
  if (!canvasIsTrue()) return ['png'];
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext('2d');
  const found = await Promise.all(
    Object.entries(TYPES).map(async ([extension, type]) => {
      const blob = await canvas.convertToBlob({ type }).catch(() => null);
      return blob?.type === type ? extension : '';
    }),
  );
  return found.filter(Boolean);
}

/**
 * Return a result as a file, with the EXIF data of its picture where the format takes them.
 *
 * @param {Comparison} comparison
 * @param {string} extension
 * @returns {Promise<File>}
 * @throws {PageError} This browser cannot write it.
 */
export async function makeFile(comparison, extension) {
  const name = resultName(comparison.picture.name, comparison.plan.label, extension);
  return new File([await encodeResult(comparison, extension)], name, { type: TYPES[extension] ?? '' });
}

/** @type {(comparison: Comparison, extension: string) => string} What became of what the file had beside pixels. */
export function describeMetadata({ picture }, extension) {
  const notes = [...picture.notes];
  if (picture.exif) {
    const isKept = canHoldExif(picture.exif, TYPES[extension] ?? '');
    notes.unshift(`its EXIF data (camera, date, place) are ${isKept ? 'kept' : 'left out'}`);
  }
  const words = notes.join('; ');
  return words && ` ${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** @type {(comparison: Comparison, extension: string) => Promise<Blob>} */
export async function encodeResult({ after, pixels, picture }, extension) {
  const blob = pixels ? await encodeTruly(pixels) : await encode(after, extension, picture);
  return withExif(blob, picture.exif);
}

/** @type {(png: Blob, extension: string, colorSpace: ColorSpace) => Promise<Blob>} A result in another format. */
export async function encodeAs(png, extension, colorSpace) {
  if (TYPES[extension] === png.type || !canvasIsTrue()) return png;
  const bitmap = await createImageBitmap(png);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext('2d', { colorSpace })?.drawImage(bitmap, 0, 0);
  bitmap.close();
  const blob = await encode(canvas, extension, { transparent: true, colorSpace });
  return withExif(blob, readExif(new Uint8Array(await png.arrayBuffer())));
}

/**
 * Copy a result to the clipboard as PNG.
 *
 * @param {Comparison} comparison
 * @throws {PageError} The browser does not allow it.
 */
export async function copyResult(comparison) {
  try {
    // The promise goes in, not the blob: Safari allows copying only while the click is handled.
    const item = new ClipboardItem({ 'image/png': encodeResult(comparison, 'png') });
    await navigator.clipboard.write([item]);
  } catch (error) {
    throw new PageError('This browser does not let the page copy. Use Save instead.', {
      cause: error,
    });
  }
}

/** @type {(canvas: HTMLCanvasElement, extension: string, picture: Pick<Picture, 'transparent'|'colorSpace'>) => Promise<Blob>} */
async function encode(canvas, extension, { transparent, colorSpace }) {
  const opaque = extension === 'jpg' && transparent ? onWhite(canvas, colorSpace) : canvas;
  const type = TYPES[extension] ?? '';
  /** @type {Blob|null} */
  const blob = await new Promise((resolve) => opaque.toBlob(resolve, type, QUALITY));
  if (opaque !== canvas) opaque.width = opaque.height = 0; // Safari keeps the memory otherwise
  // A browser that cannot write the format at this size returns nothing, or PNG instead.
  if (blob?.type === type) return blob;
  const other = extension === 'png' ? 'Choose a smaller scale.' : 'Choose another format.';
  throw new PageError(`This browser cannot write this picture as ${extension.toUpperCase()}. ${other}`);
}

/** @type {(canvas: HTMLCanvasElement, colorSpace: ColorSpace) => HTMLCanvasElement} JPEG has no transparency. */
function onWhite(canvas, colorSpace) {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = /** @type {CanvasRenderingContext2D} */ (copy.getContext('2d', { colorSpace }));
  context.fillStyle = '#fff';
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  return copy;
}
