/**
 * Bicubic upscaling of transparency, bit for bit as `scnet upscale` does it: Pillow's
 * `resize(BICUBIC)` on 8-bit values.
 *
 * @import { Area, Pixels } from './pixels.js'
 *
 * @typedef {object} Taps Inputs of one result pixel along one axis.
 * @property {number} start
 * @property {number[]} weights
 */
import type { Area, Pixels } from './pixels.js';
export type Taps = {
    start: number;
    weights: number[];
};
/** Receptive-field radius in picture pixels; tiles of a transparent picture overlap by it. */
export declare const ALPHA_REACH = 2;
/**
 * Write the transparency of a tile into its result.
 *
 * @param {Pixels} tile What went into the network; ends at the border of the picture, or
 *   `ALPHA_REACH` pixels away from the kept part.
 * @param {number} scale
 * @param {Area} area The part of the upscaled tile that `result` holds.
 * @param {Pixels} result
 */
export declare function upscaleAlpha(tile: Pixels, scale: number, area: Area, result: Pixels): void;
