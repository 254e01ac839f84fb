/**
 * EXIF data (EXIF 3.0): a TIFF header and directories, in PNG, JPEG and WebP alike.
 */

import { partsOf, text, viewOf } from './picture_file.js';
import { pngChunk } from './png.js';

const [EXIF_TAG, ORIENTATION] = ['Exif\0\0', 0x0112];

/** What fits into a segment of JPEG, whose length has 16 bits. */
const MOST_IN_JPEG = 0xffff - 2 - EXIF_TAG.length;

/** @type {(bytes: Uint8Array) => Uint8Array|null} EXIF data as it is in a PNG: a TIFF header and what follows. */
export function readExif(bytes) {
  for (const { kind, start, stop } of partsOf(bytes)) {
    const isTagged = text(bytes, start, EXIF_TAG.length) === EXIF_TAG;
    if (kind === 'eXIf' || kind === 'EXIF' || (kind === '225' && isTagged)) {
      return bytes.slice(start + (isTagged ? EXIF_TAG.length : 0), stop);
    }
  }
  return null;
}

/** @type {(exif: Uint8Array) => {view: DataView, little: boolean, directory: number, count: number}|null} */
function openExif(exif) {
  const view = viewOf(exif);
  const little = text(exif, 0, 2) === 'II';
  try {
    const directory = view.getUint32(4, little);
    return { view, little, directory, count: view.getUint16(directory, little) };
  } catch {
    return null; // it breaks off
  }
}

/** @type {(exif: Uint8Array|null) => number} 1 to 8, as EXIF numbers them; 1 is upright. */
export function orientationOf(exif) {
  const found = exif && openExif(exif);
  for (let i = 0; found && i < found.count; i++) {
    const at = found.directory + 2 + 12 * i;
    if (at + 12 > found.view.byteLength) break;
    if (found.view.getUint16(at, found.little) === ORIENTATION) {
      return found.view.getUint16(at + 8, found.little) || 1;
    }
  }
  return 1;
}

/** @type {(exif: Uint8Array) => Uint8Array} The same of the upright picture, without the small one inside. */
function makeUpright(exif) {
  const copy = exif.slice();
  const { view, little, directory, count } = openExif(copy) ?? {};
  if (!view || directory === undefined || count === undefined) return copy;
  for (let i = 0; i <= count; i++) {
    const at = directory + 2 + 12 * i;
    if (at + (i < count ? 12 : 4) > view.byteLength) break;
    if (i === count) view.setUint32(at, 0, little ?? false);
    else if (view.getUint16(at, little) === ORIENTATION) view.setUint16(at + 8, 1, little);
  }
  return copy;
}

/** @type {(exif: Uint8Array, type: string) => boolean} Whether files of a media type can take it. */
export function canHoldExif(exif, type) {
  return type === 'image/png' || (type === 'image/jpeg' && exif.length <= MOST_IN_JPEG);
}

/** @type {(blob: Blob, exif: Uint8Array|null) => Blob} With EXIF data put into a file that has none, if it can hold them. */
export function withExif(blob, exif) {
  if (!exif || !canHoldExif(exif, blob.type)) return blob;
  const [at, body] =
    blob.type === 'image/png'
      ? [33, pngChunk('eXIf', makeUpright(exif))]
      : [2, jpegSegment(makeUpright(exif))];
  return new Blob([blob.slice(0, at), body, blob.slice(at)], { type: blob.type }); // after the header
}

/** @type {(exif: Uint8Array) => Uint8Array<ArrayBuffer>} */
function jpegSegment(exif) {
  const length = 2 + EXIF_TAG.length + exif.length;
  const tag = [...EXIF_TAG].map((letter) => letter.charCodeAt(0));
  return new Uint8Array([0xff, 0xe1, length >> 8, length & 255, ...tag, ...exif]);
}
