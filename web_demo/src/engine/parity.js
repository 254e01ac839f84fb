/**
 * Difference of a result to PyTorch's, and the limit for trusting a device.
 *
 * @import { Image } from './pixels.js'
 */

/** Apple's "working with Core AI" passes above 50 dB; so does `mobile_runtime/model_file/parity.py` for fp16. */
export const TRUSTED_PSNR_DB = 50;

/** PSNR of equal images, a valid JSON number; as in `mobile_runtime/model_file/parity.py`. */
export const EQUAL_DB = 999;

/**
 * @param {Image} expected
 * @param {Image} actual
 * @returns {number|null} PSNR in dB, peak 1.0; null if the sizes differ or a value is not a number.
 */
export function psnrDb(expected, actual) {
  if (expected.width !== actual.width || expected.height !== actual.height) return null;
  let sum = 0;
  expected.values.forEach((value, i) => {
    sum += (value - (actual.values[i] ?? NaN)) ** 2;
  });
  if (!Number.isFinite(sum)) return null;
  return sum === 0 ? EQUAL_DB : -10 * Math.log10(sum / expected.values.length);
}
