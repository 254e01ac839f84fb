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
import type { Image } from './pixels.js';
export type KeptOutput = Image & {
    stride: number;
};
export type GoldenImages = {
    input: Image;
    output: KeptOutput;
};
/** Apple's "working with Core AI" passes above 50 dB; so does `mobile_runtime/model_file/parity.py` for fp16. */
export declare const TRUSTED_PSNR_DB = 50;
/** PSNR of equal images, a valid JSON number; as in `mobile_runtime/model_file/parity.py`. */
export declare const EQUAL_DB = 999;
/**
 * @param {KeptOutput} expected
 * @param {Image} actual A whole output.
 * @returns {number|null} PSNR in dB over what is kept, peak 1.0; null if the sizes differ or a value is
 *   not a number.
 */
export declare function psnrDb({ width, height, stride, values }: KeptOutput, actual: Image): number | null;
