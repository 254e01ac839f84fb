/**
 * Saving of results as files, sharing, and copying to the clipboard.
 *
 * @import { ColorSpace } from './color_profile.js'
 * @import { Comparison } from './comparison.js'
 * @import { Metadata } from './metadata.js'
 * @import { Whole } from './whole.js'
 */

import { PageError } from './errors.js';
import { resultName } from './format.js';
import { METADATA_NAMES, canHold, readMetadata, withMetadata } from './metadata.js';
import { canvasIsTrue, encodeTruly } from './true_pixels.js';
import { draw, wholeOf } from './whole.js';

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
 * Return a result as a file, with the EXIF and XMP data of its picture where the format takes them.
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
  const kinds = /** @type {(keyof Metadata)[]} */ (Object.keys(METADATA_NAMES));
  const kept = kinds.flatMap((kind) => {
    const content = picture.metadata[kind];
    const isKept = content && canHold(kind, content, TYPES[extension] ?? '');
    return content ? [`its ${METADATA_NAMES[kind]} are ${isKept ? 'kept' : 'left out'}`] : [];
  });
  const words = [...kept, ...picture.notes].join('; ');
  return words && ` ${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** @type {(comparison: Comparison, extension: string) => Promise<Blob>} */
export async function encodeResult({ result, pixels, picture }, extension) {
  const blob = pixels ? await encodeTruly(pixels) : await write(await wholeOf(result), extension);
  return withMetadata(blob, picture.metadata, result.size);
}

/** @type {(png: Blob, extension: string, colorSpace: ColorSpace) => Promise<Blob>} A result in another format. */
export async function encodeAs(png, extension, colorSpace) {
  if (TYPES[extension] === png.type || !canvasIsTrue()) return png;
  const bitmap = await createImageBitmap(png);
  const size = { width: bitmap.width, height: bitmap.height };
  const blob = await write({ size, colorSpace, pieces: [{ bitmap, top: 0 }] }, extension);
  return withMetadata(blob, await readMetadata(new Uint8Array(await png.arrayBuffer())), size);
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

/** @type {(whole: Whole, extension: string) => Promise<Blob>} */
async function write(whole, extension) {
  const type = TYPES[extension] ?? '';
  const background = extension === 'jpg' ? '#fff' : ''; // JPEG has no transparency
  const blob = await draw(whole, { encoding: { type, quality: QUALITY }, background });
  // A browser that cannot write the format at this size returns nothing, or PNG instead.
  if (blob?.type === type) return blob;
  const other = extension === 'png' ? 'Choose a smaller scale.' : 'Choose another format.';
  throw new PageError(`This browser cannot write this picture as ${extension.toUpperCase()}. ${other}`);
}
