/**
 * Pictures of every kind that a browser has, as pixels.
 *
 * @import { Pixels } from './pixels.js'
 *
 * @typedef {ImageData|ImageBitmap|Blob|Pixels} Picture
 */
import type { Pixels } from './pixels.js';
export type Picture = ImageData | ImageBitmap | Blob | Pixels;
/**
 * @param {Picture} picture
 * @returns {Promise<Pixels>} In sRGB, as the network takes them; what the caller gave stays unchanged.
 * @throws {UpscalerError} `picture-wrong`: the browser cannot decode it.
 */
export declare function readPicture(picture: Picture): Promise<Pixels>;
