/**
 * Pictures of every kind that a browser has, as pixels.
 *
 * @import { Pixels } from './pixels.js'
 *
 * @typedef {ImageData|ImageBitmap|Blob|Pixels} Picture
 */
import type { Pixels } from './pixels.js';
export type Picture = ImageData | ImageBitmap | Blob | Pixels;
export type Content = {
    /**
     * In sRGB, as the network takes them; what the caller gave stays unchanged.
     */
    pixels: Pixels;
    /**
     * Some are not opaque.
     */
    transparent: boolean;
    /**
     * None has a color.
     */
    gray: boolean;
};
/**
 * @typedef {object} Content
 * @property {Pixels} pixels In sRGB, as the network takes them; what the caller gave stays unchanged.
 * @property {boolean} transparent Some are not opaque.
 * @property {boolean} gray None has a color.
 *
 * @param {Picture} picture
 * @returns {Promise<Content>}
 * @throws {UpscalerError} `picture-wrong`: the browser cannot decode it.
 */
export declare function readPicture(picture: Picture): Promise<Content>;
