/**
 * What a picture's file has beside its pixels: an end, EXIF, a color profile, further frames.
 *
 * Formats: ITU-T T.81, B.1 (JPEG), PNG, RFC 9649 (WebP), GIF89a, ISO/IEC 14496-12 (AVIF, HEIC), EXIF 3.0.
 *
 * @typedef {{kind: string, start: number, stop: number}} Part Content of a segment, chunk or box.
 */

import { crc32 } from './crc32.js';

const [EXIF_TAG, ORIENTATION, JPEG_END, JPEG_SCAN] = ['Exif\0\0', 0x0112, 0xd9, 0xda];

/** @type {(bytes: Uint8Array, start: number, length: number) => string} */
const text = (bytes, start, length) => String.fromCharCode(...bytes.subarray(start, start + length));

/** @type {(bytes: Uint8Array) => DataView} */
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @type {(bytes: Uint8Array) => 'PNG'|'JPEG'|'WebP'|'GIF'|'boxes'|null} */
function formatOf(bytes) {
  if (text(bytes, 1, 3) === 'PNG') return 'PNG';
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'JPEG';
  if (text(bytes, 0, 4) + text(bytes, 8, 4) === 'RIFFWEBP') return 'WebP';
  if (text(bytes, 0, 4) === 'GIF8') return 'GIF';
  return text(bytes, 4, 4) === 'ftyp' ? 'boxes' : null;
}

/**
 * Return the parts of a file in order; the last one may go beyond its end.
 *
 * @param {Uint8Array} bytes
 * @returns {Part[]} Of JPEG up to the picture itself; empty for formats that are not known here.
 */
function partsOf(bytes) {
  const format = formatOf(bytes);
  const view = viewOf(bytes);
  /** @type {Part[]} */
  const parts = [];
  let at = { PNG: 8, JPEG: 2, WebP: 12, GIF: Infinity, boxes: 0 }[format ?? 'GIF'];
  while (at + 8 <= bytes.length) {
    if (format === 'JPEG') {
      while (bytes[at] === 0xff) at++; // any number of fill bytes stands before a marker
      const stop = at + 1 + Math.max(2, view.getUint16(at + 1));
      parts.push({ kind: `${bytes[at]}`, start: at + 3, stop });
      if (bytes[at] === JPEG_SCAN || bytes[at] === JPEG_END) return parts;
      at = stop;
    } else {
      const little = format === 'WebP';
      const [kind, size] = [format === 'WebP' ? at : at + 4, format === 'WebP' ? at + 4 : at];
      const length = view.getUint32(size, little);
      const whole = format === 'boxes' ? Math.max(8, length || Infinity) : 8 + length;
      parts.push({ kind: text(bytes, kind, 4), start: at + 8, stop: at + whole });
      at += format === 'PNG' ? whole + 4 : whole + (little ? length % 2 : 0);
    }
  }
  return parts;
}

/**
 * Check whether a part of the file is missing; some browsers show half a picture then.
 *
 * @type {(bytes: Uint8Array) => boolean} False for formats that are not known here.
 */
export function endsEarly(bytes) {
  const format = formatOf(bytes);
  const last = partsOf(bytes).at(-1);
  if (format === 'GIF') return !hasTrailer(bytes);
  if (format === 'PNG') return last?.kind !== 'IEND';
  if (format === 'WebP') return viewOf(bytes).getUint32(4, true) + 8 > bytes.length + 1;
  if (format === 'boxes') return !last || (last.stop !== Infinity && last.stop > bytes.length);
  return format === 'JPEG' && !(last?.kind === `${JPEG_SCAN}` && hasEnd(bytes, last.start));
}

/** @type {(bytes: Uint8Array, from: number) => boolean} In the picture itself FF is followed by 0 or D0 to D7. */
function hasEnd(bytes, from) {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === JPEG_END) return true;
  }
  return false;
}

/** @type {(bytes: Uint8Array) => boolean} Walks through a GIF's blocks to its trailer. */
function hasTrailer(bytes) {
  const colors = (/** @type {number} */ at) => (bytes[at] ?? 0) & 0x80 ? 6 << ((bytes[at] ?? 0) & 7) : 0;
  let at = 13 + colors(10);
  while (bytes[at] === 0x21 || bytes[at] === 0x2c) {
    at += bytes[at] === 0x21 ? 2 : 11 + colors(at + 9);
    while (bytes[at]) at += 1 + (bytes[at] ?? 0); // sub-blocks, the last of which is empty
    at++;
  }
  return bytes[at] === 0x3b;
}

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

/** @type {(bytes: Uint8Array) => string[]} What the page cannot keep, in words for the visitor. */
export function findLosses(bytes) {
  const parts = partsOf(bytes);
  const isProfile = (/** @type {Part} */ { kind, start }) =>
    ['iCCP', 'ICCP', 'cICP'].includes(kind) ||
    (kind === '226' && text(bytes, start, 11) === 'ICC_PROFILE');
  const profile = parts.find(isProfile);
  const letters = profile ? text(bytes, profile.start, Math.min(4096, profile.stop - profile.start)) : '';
  const isSrgb = letters.replaceAll('\0', '').includes('sRGB');
  const isAnimated =
    parts.some(({ kind }) => ['acTL', 'ANIM'].includes(kind)) ||
    (formatOf(bytes) === 'GIF' && text(bytes, 0, 2048).includes('NETSCAPE2.0'));
  return [
    ...(profile && !isSrgb ? ['its colors are converted to sRGB'] : []),
    ...(isAnimated ? ['only its first frame is used'] : []),
  ];
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

/**
 * Put EXIF data into a file that has none.
 *
 * @param {Blob} blob PNG or JPEG.
 * @param {Uint8Array} exif As from `readExif`.
 * @returns {Blob|null} Null if this format cannot take it.
 */
export function withExif(blob, exif) {
  const upright = makeUpright(exif);
  const body = blob.type === 'image/png' ? pngChunk('eXIf', upright) : jpegSegment(upright);
  const at = { 'image/png': 33, 'image/jpeg': 2 }[blob.type]; // after the header
  if (at === undefined || body === null) return null;
  return new Blob([blob.slice(0, at), body, blob.slice(at)], { type: blob.type });
}

/** @type {(exif: Uint8Array) => Uint8Array<ArrayBuffer>|null} */
function jpegSegment(exif) {
  const length = 2 + EXIF_TAG.length + exif.length;
  if (length > 0xffff) return null;
  const tag = [...EXIF_TAG].map((letter) => letter.charCodeAt(0));
  return new Uint8Array([0xff, 0xe1, length >> 8, length & 255, ...tag, ...exif]);
}

/** @type {(kind: string, content: Uint8Array) => Uint8Array<ArrayBuffer>} */
export function pngChunk(kind, content) {
  const chunk = new Uint8Array(content.length + 12);
  const view = viewOf(chunk);
  view.setUint32(0, content.length);
  chunk.set([...kind].map((letter) => letter.charCodeAt(0)), 4);
  chunk.set(content, 8);
  view.setUint32(content.length + 8, crc32(chunk.subarray(4, content.length + 8)));
  return chunk;
}
