/**
 * Difference of a result to PyTorch's, and the limit for trusting a device.
 *
 * @import { Image } from './pixels.js'
 *
 * @typedef {Image & {stride: number}} KeptOutput PyTorch's output. Height and width are those of the
 *   whole, `values` those in every `stride`-th row and column, and in the last.
 *
 * @typedef {{input: Image, output: KeptOutput}} GoldenImages
 */

/** Apple's "working with Core AI" passes above 50 dB; so does `mobile_runtime/model_file/parity.py` for fp16. */
export const TRUSTED_PSNR_DB = 50;

/** PSNR of equal images, a valid JSON number; as in `mobile_runtime/model_file/parity.py`. */
export const EQUAL_DB = 999;

/**
 * @param {KeptOutput} expected
 * @param {Image} actual A whole output.
 * @returns {number|null} PSNR in dB over what is kept, peak 1.0; null if the sizes differ or a value is
 *   not a number.
 */
export function psnrDb({ width, height, stride, values }, actual) {
  if (width !== actual.width || height !== actual.height) return null;
  const columns = keptPositions(width, stride);
  const rows = keptPositions(height, stride);
  let sum = 0;
  let kept = 0;
  for (let color = 0; color < 3; color++) {
    for (const row of rows) {
      const start = (color * height + row) * width;
      for (const column of columns) {
        sum += ((values[kept++] ?? NaN) - (actual.values[start + column] ?? NaN)) ** 2;
      }
    }
  }
  if (!Number.isFinite(sum)) return null;
  return sum === 0 ? EQUAL_DB : -10 * Math.log10(sum / kept);
}

/**
 * Return the rows, or columns, that a sample keeps of so many; as `kept_positions` in
 * `mobile_runtime/model_file/golden_samples.py`.
 *
 * @param {number} length
 * @param {number} stride
 */
function keptPositions(length, stride) {
  const positions = [];
  for (let position = 0; position < length - 1; position += stride) positions.push(position);
  return [...positions, length - 1];
}
