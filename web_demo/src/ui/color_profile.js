/**
 * Colors of a picture's file, and the canvas that can hold them.
 *
 * Of a color profile its red is looked at: the wider a gamut, the further away it is. Sources: ICC.1:2022,
 * 7.2 and 9.2.46 (redMatrixColumn), ITU-T H.273, table 2 (color primaries).
 */

import { findInner, inflate, partsOf, text, viewOf } from './picture_file.js';

/** X of red, relative to D50, by the number of H.273: sRGB, BT.2020, Display P3. @type {Record<number, number>} */
const RED = { 1: 0.4361, 9: 0.6734, 12: 0.5151 };
const [SRGB, DISPLAY_P3, NEAR] = [0.4361, 0.5151, 0.006];

/** What is between the start of a profile's segment and the profile. */
const JPEG_HEADER = 'ICC_PROFILE\0'.length + 2;

/**
 * @typedef {'srgb'|'display-p3'} ColorSpace
 *
 * @param {Uint8Array<ArrayBuffer>} bytes A picture's file.
 * @returns {Promise<{colorSpace: ColorSpace, said: string}>} That holds its colors best, and what becomes of
 *   them, in words; empty if nothing does.
 */
export async function planColors(bytes) {
  const red = await readRed(bytes).catch(() => NaN); // a damaged profile
  if (red === null || Math.abs(red - SRGB) < NEAR) return { colorSpace: 'srgb', said: '' };
  const isWide = red > SRGB + NEAR;
  if (!isWide || !canHoldP3()) return { colorSpace: 'srgb', said: 'its colors are converted to sRGB' };
  const isP3 = Math.abs(red - DISPLAY_P3) < NEAR;
  const said = isP3 ? 'its Display P3 colors are kept' : 'its colors are converted to Display P3';
  return { colorSpace: 'display-p3', said };
}

/** Whether canvases of this browser have a wide gamut. */
function canHoldP3() {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { colorSpace: 'display-p3' });
  return Object(context).getContextAttributes?.().colorSpace === 'display-p3';
}

/** @type {(bytes: Uint8Array<ArrayBuffer>) => Promise<number|null>} Null without a profile; NaN if it says no red. */
async function readRed(bytes) {
  const numbers = findInner(bytes, 'colrnclx');
  const cicp = partsOf(bytes).find(({ kind }) => kind === 'cICP')?.start;
  const primaries = numbers < 0 ? cicp && bytes[cicp] : viewOf(bytes).getUint16(numbers);
  if (primaries) return RED[primaries] ?? NaN;
  const profile = await readProfile(bytes);
  if (!profile) return null;
  const view = viewOf(profile);
  for (let i = 0; i < view.getUint32(128); i++) {
    const tag = 132 + 12 * i;
    if (text(profile, tag, 4) === 'rXYZ') return view.getInt32(view.getUint32(tag + 4) + 8) / 0x10000;
  }
  return NaN;
}

/** @type {(bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array|null>} */
async function readProfile(bytes) {
  const inner = findInner(bytes, 'colrprof');
  if (inner >= 0) return bytes.subarray(inner);
  for (const { kind, start, stop } of partsOf(bytes)) {
    if (kind === 'ICCP') return bytes.subarray(start, stop);
    if (kind === '226' && text(bytes, start, 11) === 'ICC_PROFILE') return bytes.subarray(start + JPEG_HEADER, stop);
    if (kind === 'iCCP') return inflate(bytes.subarray(bytes.indexOf(0, start) + 2, stop)); // behind a name and the method
  }
  return null;
}
