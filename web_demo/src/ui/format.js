/**
 * Formatting of numbers and file names for the visitor.
 *
 * @import { Size } from './view.js'
 */

/** @type {(seconds: number) => string} */
export function formatDuration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 1) return 'less than a second';
  if (whole < 60) return whole === 1 ? '1 second' : `${whole} seconds`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @type {(size: Size) => string} */
export function formatSize({ width, height }) {
  return `${width.toLocaleString('en')} × ${height.toLocaleString('en')}`;
}

/** @type {(pixels: number) => string} */
export function formatMegapixels(pixels) {
  const millions = pixels / 1e6;
  return `${millions < 10 ? millions.toFixed(1) : Math.round(millions)} megapixels`;
}

/** @type {(milliseconds: number) => string} Three significant digits. */
export function formatMilliseconds(milliseconds) {
  const digits = milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0;
  return `${milliseconds.toFixed(digits)} ms`;
}

/**
 * Return the file name of a result.
 *
 * @param {string} name Of the picture's file, perhaps with folders; perhaps empty.
 * @param {string} label Such as 4x.
 * @param {string} extension Such as png.
 * @param {number} [copy] Number of this file among those of the same name.
 * @returns {string} Such as photo@4x.png.
 */
export function resultName(name, label, extension, copy = 1) {
  const file = name.split(/[/\\]/).at(-1) ?? '';
  const stem = file.replace(/\.[^.]*$/, '').replace(/[\p{Cc}<>:"|?*]/gu, '') || 'picture';
  return `${stem}@${label}${copy > 1 ? ` ${copy}` : ''}.${extension}`;
}
