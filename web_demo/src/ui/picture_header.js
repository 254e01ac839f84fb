/**
 * Format and size of a picture, read from the first bytes of its file.
 *
 * A small file can claim any number of pixels, and a browser that decodes it takes the memory for
 * all of them. So the size is read here first, and a picture that is too large is never decoded.
 * The claim may be wrong, so the size is checked again after decoding.
 *
 * @typedef {{format: string, width: number, height: number}} PictureHeader
 */

/** Bytes to read: in JPEG the size follows EXIF, thumbnail and color profile. */
const HEADER_BYTES = 1 << 20;

/** If that is not enough: in portraits of some phones, depth maps and other pictures precede it. */
const MOST_HEADER_BYTES = 1 << 24;

/** @typedef {(view: DataView) => {width: number, height: number}|null} Reader */

/** @type {{format: string, starts: (view: DataView) => boolean, read: Reader}[]} */
const FORMATS = [
  { format: 'PNG', starts: (v) => text(v, 1, 3) === 'PNG', read: (v) => at32(v, 16, 20) },
  { format: 'JPEG', starts: (v) => v.getUint16(0) === 0xffd8, read: readJpeg },
  { format: 'GIF', starts: (v) => text(v, 0, 4) === 'GIF8', read: readGif },
  { format: 'WebP', starts: (v) => text(v, 0, 4) + text(v, 8, 4) === 'RIFFWEBP', read: readWebp },
  { format: 'BMP', starts: (v) => text(v, 0, 2) === 'BM', read: readBmp },
  { format: 'AVIF', starts: (v) => /^ftypavi[fs]$/.test(text(v, 4, 8)), read: readBoxes },
  {
    format: 'HEIC',
    starts: (v) => /^ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)$/.test(text(v, 4, 8)),
    read: readBoxes,
  },
];

/**
 * Read format and size from a file.
 *
 * @param {Blob} blob
 * @returns {Promise<PictureHeader|null>} As `readHeader`.
 * @throws {DOMException} It cannot be read.
 */
export async function readHeaderOf(blob) {
  const readFirst = async (/** @type {number} */ count) =>
    readHeader(new Uint8Array(await blob.slice(0, count).arrayBuffer()));
  const header = await readFirst(HEADER_BYTES);
  const mayGoOn = header?.width === 0 && blob.size > HEADER_BYTES;
  return mayGoOn ? readFirst(MOST_HEADER_BYTES) : header;
}

/**
 * Read format and size.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes The first of the file, or all of it.
 * @returns {PictureHeader|null} Size in pixels, before EXIF turns it; 0x0 if the header breaks off
 *   or makes no sense. Null for a format that is not known here.
 */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 12) return null;
  const found = FORMATS.find(({ starts }) => starts(view));
  if (!found) return null;
  try {
    return { format: found.format, ...(found.read(view) ?? { width: 0, height: 0 }) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // DataView's word for "the file ends here"
    return { format: found.format, width: 0, height: 0 };
  }
}

/** @type {(view: DataView, start: number, length: number) => string} */
function text(view, start, length) {
  let letters = '';
  for (let i = start; i < start + length; i++) letters += String.fromCharCode(view.getUint8(i));
  return letters;
}

/** @type {(view: DataView, width: number, height: number) => {width: number, height: number}} */
function at32(view, width, height) {
  return { width: view.getUint32(width), height: view.getUint32(height) };
}

/** @type {Reader} */
function readGif(view) {
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** @type {Reader} */
function readBmp(view) {
  // A negative height means that the first row is the upper one.
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

/**
 * Walk from segment to segment to the frame header (SOF), ITU-T T.81, table B.1.
 *
 * @type {Reader}
 */
function readJpeg(view) {
  let at = 2;
  for (;;) {
    while (view.getUint8(at) === 0xff) at++; // any number of fill bytes stands before a marker
    const marker = view.getUint8(at);
    // C4, C8 and CC lie between the frame headers but are none.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 6), height: view.getUint16(at + 4) };
    }
    if (marker === 0xda || marker === 0xd9) return null; // the picture itself, or its end
    at += 1 + Math.max(2, view.getUint16(at + 1));
  }
}

/**
 * Three kinds of first chunk: RFC 9649 (VP8X, VP8L) and RFC 6386, 9.1 (VP8).
 *
 * @type {Reader}
 */
function readWebp(view) {
  const kind = text(view, 12, 4);
  if (kind === 'VP8 ') {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
  }
  if (kind !== 'VP8X') return null;
  const at24 = (/** @type {number} */ at) =>
    1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  return { width: at24(24), height: at24(27) };
}

/** Boxes that hold the sizes, from the outermost; ISO/IEC 23008-12, 6.5.3. */
const WAY = ['meta', 'iprp', 'ipco'];

/**
 * The largest `ispe`: a picture made of tiles gives their size too.
 *
 * @type {Reader}
 */
function readBoxes(view) {
  /** @type {{width: number, height: number}|null} */
  let largest = null;
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const kind = text(view, at + 4, 4);
    if (kind === 'ispe') {
      const size = at32(view, at + 12, at + 16);
      if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
    }
    if (WAY.includes(kind))
      at += kind === 'meta' ? 12 : 8; // step in; `meta` has a version
    else at += Math.max(8, view.getUint32(at));
  }
  return largest;
}
