/**
 * EXIF data (EXIF 3.0): a TIFF header and directories, in PNG, JPEG and WebP alike; changed in place.
 *
 * @import { Size } from './view.js'
 *
 * @typedef {{tag: number, at: number}} Entry Of a directory, and where it is.
 * @typedef {{view: DataView, little: boolean, entries: Entry[], end: number}} Directory
 */

import { text, viewOf } from './picture_file.js';

const [WIDTH, HEIGHT, ORIENTATION, EXIF_DIRECTORY, EXIF_WIDTH, EXIF_HEIGHT] = [0x100, 0x101, 0x112, 0x8769, 0xa002, 0xa003];
const [SHORT, LONG] = [3, 4];

/** @type {(exif: Uint8Array, start?: number) => Directory|null} As much as there is of one, of the main one by default. */
function openDirectory(exif, start) {
  const view = viewOf(exif);
  const little = text(exif, 0, 2) === 'II';
  try {
    const directory = start ?? view.getUint32(4, little);
    const end = directory + 2 + 12 * view.getUint16(directory, little);
    const entries = [];
    for (let at = directory + 2; at < end && at + 12 <= exif.length; at += 12) {
      entries.push({ tag: view.getUint16(at, little), at });
    }
    return { view, little, entries, end };
  } catch {
    return null; // it breaks off before
  }
}

/** @type {(directory: Directory|null, tag: number) => number|null} A single SHORT or LONG. */
function read(directory, tag) {
  const entry = directory?.entries.find((one) => one.tag === tag);
  if (!directory || !entry) return null;
  const { view, little } = directory;
  const isLong = view.getUint16(entry.at + 2, little) === LONG;
  return isLong ? view.getUint32(entry.at + 8, little) : view.getUint16(entry.at + 8, little);
}

/** @type {(directory: Directory|null, tag: number, value: number) => void} Where the tag is, with a single SHORT or LONG. */
function put(directory, tag, value) {
  for (const { at } of directory?.entries.filter((one) => one.tag === tag) ?? []) {
    const { view, little } = /** @type {Directory} */ (directory);
    if (![SHORT, LONG].includes(view.getUint16(at + 2, little)) || view.getUint32(at + 4, little) !== 1) continue;
    const isShort = view.getUint16(at + 2, little) === SHORT && value < 0x10000;
    view.setUint16(at + 2, isShort ? SHORT : LONG, little);
    if (isShort) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  }
}

/** @type {(exif: Uint8Array|null) => number} 1 to 8, as EXIF numbers them; 1 is upright. */
export function orientationOf(exif) {
  return (exif && read(openDirectory(exif), ORIENTATION)) || 1;
}

/** @type {(exif: Uint8Array, size: Size) => Uint8Array} The same of an upright picture of a size, without the small one inside. */
export function fitExif(exif, { width, height }) {
  const copy = exif.slice();
  const main = openDirectory(copy);
  const inner = read(main, EXIF_DIRECTORY);
  const details = inner && openDirectory(copy, inner);
  if (main && main.end + 4 <= copy.length) main.view.setUint32(main.end, 0); // there is no next directory
  put(main, ORIENTATION, 1);
  put(main, WIDTH, width);
  put(main, HEIGHT, height);
  put(details || null, EXIF_WIDTH, width);
  put(details || null, EXIF_HEIGHT, height);
  return copy;
}
