/**
 * EXIF and XMP data of picture files: read, and put into others.
 *
 * Formats: EXIF 3.0, 4.7 (JPEG), ISO 16684-3 (XMP in JPEG and PNG), PNG, 11.3.3.4 (iTXt), RFC 9649 (WebP).
 *
 * @import { Size } from './view.js'
 *
 * @typedef {{exif: Uint8Array|null, xmp: Uint8Array|null}} Metadata EXIF from its TIFF header on.
 */

import { fitExif } from './exif.js';
import { inflate, partsOf, text } from './picture_file.js';
import { pngChunk } from './png.js';
import { fitXmp } from './xmp.js';

/** Before the content, in JPEG and PNG; the four zeros say that it is not compressed, and in no language. */
const NAMES = { exif: 'Exif\0\0', xmp: 'http://ns.adobe.com/xap/1.0/\0', text: 'XML:com.adobe.xmp\0' };

/** What fits into a segment of JPEG, whose length has 16 bits. */
const MOST_IN_JPEG = 0xffff - 2;

/** @type {Record<keyof Metadata, string>} For the visitor. */
export const METADATA_NAMES = {
  exif: 'EXIF data (camera, date, place)',
  xmp: 'XMP data (edits, captions, rights)',
};

/** @type {(bytes: Uint8Array<ArrayBuffer>) => Promise<Metadata>} */
export async function readMetadata(bytes) {
  /** @type {Metadata} */
  const found = { exif: null, xmp: null };
  for (const { kind, start, stop } of partsOf(bytes)) {
    const has = (/** @type {string} */ name) => text(bytes, start, name.length) === name;
    const content = (/** @type {string} */ name) => bytes.slice(start + (has(name) ? name.length : 0), stop);
    const isSegment = kind === '225';
    if (kind === 'eXIf' || kind === 'EXIF' || (isSegment && has(NAMES.exif))) found.exif ??= content(NAMES.exif);
    if (kind === 'XMP ' || (isSegment && has(NAMES.xmp))) found.xmp ??= content(NAMES.xmp);
    if (kind === 'iTXt' && has(NAMES.text)) found.xmp ??= await readText(content(NAMES.text)).catch(() => null);
  }
  return found;
}

/** @type {(content: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>} Of iTXt, after the keyword. */
async function readText(content) {
  const language = content.indexOf(0, 2);
  const start = content.indexOf(0, language + 1) + 1;
  return content[0] === 0 ? content.slice(start) : inflate(content.slice(start));
}

/** @type {(kind: keyof Metadata, content: Uint8Array, type: string) => boolean} Whether files of a media type can take it. */
export function canHold(kind, content, type) {
  return type === 'image/png' || (type === 'image/jpeg' && NAMES[kind].length + content.length <= MOST_IN_JPEG);
}

/** @type {(blob: Blob, metadata: Metadata, size: Size) => Blob} With what the file can hold, told of this size. */
export function withMetadata(blob, { exif, xmp }, size) {
  const fitted = { exif: exif && fitExif(exif, size), xmp: xmp && fitXmp(xmp, size) };
  const kinds = /** @type {(keyof Metadata)[]} */ (Object.keys(fitted));
  const isPng = blob.type === 'image/png';
  const parts = kinds.flatMap((kind) => {
    const content = fitted[kind];
    if (!content || !canHold(kind, content, blob.type)) return [];
    if (!isPng) return [jpegSegment(join(NAMES[kind], content))];
    return [kind === 'exif' ? pngChunk('eXIf', content) : pngChunk('iTXt', join(`${NAMES.text}\0\0\0\0`, content))];
  });
  const at = isPng ? 33 : 2; // after the header
  return parts.length ? new Blob([blob.slice(0, at), ...parts, blob.slice(at)], { type: blob.type }) : blob;
}

/** @type {(name: string, content: Uint8Array) => Uint8Array} */
const join = (name, content) => new Uint8Array([...new TextEncoder().encode(name), ...content]);

/** @type {(content: Uint8Array) => Uint8Array<ArrayBuffer>} APP1. */
function jpegSegment(content) {
  const length = 2 + content.length;
  return new Uint8Array([0xff, 0xe1, length >> 8, length & 255, ...content]);
}
