/**
 * What a picture's file has beside its pixels: an end, a color profile, further frames, more bits.
 *
 * Formats: ITU-T T.81, B.1 (JPEG), PNG, RFC 9649 (WebP), GIF89a, ISO/IEC 14496-12 (AVIF, HEIC).
 *
 * @typedef {{kind: string, start: number, stop: number}} Part Content of a segment, chunk or box.
 */

const [JPEG_END, JPEG_SCAN, APP1, APP13] = [0xd9, 0xda, 0xe1, 0xed];
const XMP_EXTENSION = 'http://ns.adobe.com/xmp/extension/\0';

/** What is looked at where a box holds boxes. */
const INNER_BYTES = 16_384;

/** @type {(bytes: Uint8Array, start: number, length: number) => string} Bytes as Latin-1. */
export const text = (bytes, start, length) => String.fromCharCode(...bytes.subarray(start, start + length));

/** @type {(bytes: Uint8Array) => DataView} */
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @type {(packed: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>} Of zlib, RFC 1950. */
export async function inflate(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

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
export function partsOf(bytes) {
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

/** @type {(bytes: Uint8Array, kind: string) => number} Where the content of a box in AVIF's or HEIC's `meta` begins; -1 without one. */
export function findInner(bytes, kind) {
  const meta = formatOf(bytes) === 'boxes' && partsOf(bytes).find((part) => part.kind === 'meta');
  if (!meta) return -1;
  const at = text(bytes, meta.start, Math.min(INNER_BYTES, meta.stop - meta.start)).indexOf(kind);
  return at < 0 ? -1 : meta.start + at + kind.length;
}

/** @type {(bytes: Uint8Array) => string[]} What the page cannot keep beside colors, in words for the visitor. */
export function findLosses(bytes) {
  const format = formatOf(bytes);
  const isAnimated =
    partsOf(bytes).some(({ kind }) => ['acTL', 'ANIM'].includes(kind)) ||
    (format === 'GIF' && text(bytes, 0, 2048).includes('NETSCAPE2.0')) ||
    (format === 'boxes' && text(bytes, 8, 4) === 'avis');
  const depthAt = format === 'PNG' ? 24 : findInner(bytes, 'pixi') + 5; // of IHDR, of the first channel
  const bits = format === 'PNG' || depthAt > 4 ? (bytes[depthAt] ?? 8) : 8;
  return [
    ...(findInner(bytes, 'Exif') >= 0 ? ['its EXIF data (camera, date, place) are left out'] : []),
    ...(findInner(bytes, 'application/rdf+xml') >= 0 ? ['its XMP data (edits, captions, rights) are left out'] : []),
    ...(hasSegment(bytes, APP1, XMP_EXTENSION) ? ['its extended XMP data are left out'] : []),
    ...(hasSegment(bytes, APP13, 'Photoshop 3.0\0') ? ['its IPTC and Photoshop data are left out'] : []),
    ...(isAnimated ? ['only its first frame is used'] : []),
    ...(bits > 8 ? [`its ${bits} bits per color are reduced to 8`] : []),
  ];
}

/** @type {(bytes: Uint8Array, marker: number, name: string) => boolean} Whether a JPEG has a segment that begins so. */
function hasSegment(bytes, marker, name) {
  return partsOf(bytes).some(({ kind, start }) => kind === `${marker}` && text(bytes, start, name.length) === name);
}
