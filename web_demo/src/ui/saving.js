/**
 * Saving of results as files, and copying to the clipboard.
 *
 * @import { Comparison } from './comparison.js'
 */

import { PageError } from './errors.js';
import { resultName } from './format.js';

/** Of JPEG and WebP: high enough to keep the details that the network adds. */
const QUALITY = 0.95;

/** @type {Record<string, {type: string, name: string}>} By extension. */
const FORMATS = {
  png: { type: 'image/png', name: 'PNG' },
  webp: { type: 'image/webp', name: 'WebP' },
  jpg: { type: 'image/jpeg', name: 'JPEG' },
};

/**
 * Save a result as a file.
 *
 * @param {Comparison} comparison
 * @param {string} extension
 * @returns {Promise<string>} The name of the file.
 * @throws {PageError} This browser cannot write it.
 */
export async function saveResult(comparison, extension) {
  const name = resultName(comparison.picture.name, comparison.scale, extension);
  const opaque = extension === 'jpg' && comparison.picture.transparent;
  const canvas = opaque ? onWhite(comparison.after) : comparison.after;
  try {
    saveFile(await encode(canvas, extension), name);
  } finally {
    if (opaque) canvas.width = canvas.height = 0; // Safari keeps the memory otherwise
  }
  return name;
}

/** @type {(blob: Blob, name: string) => void} */
export function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it late
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
    const item = new ClipboardItem({ 'image/png': encode(comparison.after, 'png') });
    await navigator.clipboard.write([item]);
  } catch (error) {
    throw new PageError('This browser does not let the page copy. Use Download instead.', {
      cause: error,
    });
  }
}

/** @type {(canvas: HTMLCanvasElement, extension: string) => Promise<Blob>} */
async function encode(canvas, extension) {
  const { type, name } = /** @type {{type: string, name: string}} */ (FORMATS[extension]);
  /** @type {Blob|null} */
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
  // A browser that cannot write the format, or not at this size, returns nothing, or PNG instead.
  if (blob?.type !== type) {
    const other = extension === 'png' ? 'Choose a smaller scale.' : 'Choose another format.';
    throw new PageError(`This browser cannot write this picture as ${name}. ${other}`);
  }
  return blob;
}

/** @type {(canvas: HTMLCanvasElement) => HTMLCanvasElement} JPEG has no transparency. */
function onWhite(canvas) {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = /** @type {CanvasRenderingContext2D} */ (copy.getContext('2d'));
  context.fillStyle = '#fff';
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  return copy;
}
