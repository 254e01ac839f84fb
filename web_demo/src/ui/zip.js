/**
 * ZIP archives of files that are compressed already, put together of Blobs, which browsers keep on
 * disk: no archive is ever whole in memory. The format: APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
 */

import { crc32 } from './crc32.js';
import { PageError } from './errors.js';

/** What fits without ZIP64. */
const MOST_BYTES = 0xffffffff;
const MOST_FILES = 0xffff;

/** Bit 11: names are UTF-8. */
const UTF8 = 0x0800;

/**
 * @param {{name: string, blob: Blob}[]} files With folders in their names, if any.
 * @returns {Promise<Blob>}
 * @throws {PageError} More than 4 GB, or 65,535 files.
 */
export async function makeZip(files) {
  const bytes = files.reduce((sum, { name, blob }) => sum + blob.size + 2 * name.length * 3 + 76, 22);
  if (bytes > MOST_BYTES || files.length > MOST_FILES) {
    throw new PageError('This is more than one ZIP file holds. Save the pictures one by one.');
  }
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const directory = [];
  let at = 0;
  for (const { name, blob } of files) {
    const letters = new TextEncoder().encode(name);
    const facts = [20, UTF8, 0, ...dosTime(new Date())];
    const sizes = [await checksum(blob), blob.size, blob.size];
    const common = numbers(facts, sizes, [letters.length, 0]);
    const header = join(numbers([], [0x04034b50], []), common, letters);
    const entry = numbers([0, 0, 0], [0, at], []);
    directory.push(join(numbers([], [0x02014b50], [20]), common, entry, letters));
    parts.push(header, blob);
    at += header.length + blob.size;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = join(
    numbers([], [0x06054b50], [0, 0, files.length, files.length]),
    numbers([], [size, at], [0]),
  );
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

/** @type {(blob: Blob) => Promise<number>} */
async function checksum(blob) {
  let crc = 0;
  for (const reader = blob.stream().getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return crc;
    crc = crc32(value, crc);
  }
}

/** @type {(date: Date) => [number, number]} Time and date, as in MS-DOS. */
function dosTime(date) {
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  return [time, ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate()];
}

/** @type {(shorts: number[], longs: number[], more: number[]) => Uint8Array<ArrayBuffer>} 2, 4 and 2 bytes each. */
function numbers(shorts, longs, more) {
  const view = new DataView(new ArrayBuffer(2 * (shorts.length + more.length) + 4 * longs.length));
  let at = 0;
  for (const value of shorts) view.setUint16((at += 2) - 2, value, true);
  for (const value of longs) view.setUint32((at += 4) - 4, value, true);
  for (const value of more) view.setUint16((at += 2) - 2, value, true);
  return new Uint8Array(view.buffer);
}

/** @type {(...parts: Uint8Array[]) => Uint8Array<ArrayBuffer>} */
function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
