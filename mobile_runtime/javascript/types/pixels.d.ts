/**
 * Pictures as browsers hold them (RGBA, 8 bit) and as networks take them: `image`, float32 RGB NCHW
 * in [0, 1]. The arithmetic is that of `mobile_runtime/imaging/pictures.py`, bit for bit.
 *
 * @typedef {object} Pixels RGBA, 8 bit, not premultiplied.
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray<ArrayBuffer>} data
 *
 * @typedef {object} Image
 * @property {number} width
 * @property {number} height
 * @property {Float32Array<ArrayBuffer>} values 3 * height * width, one color plane after the other.
 *
 * @typedef {object} Area In pixels.
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */
export type Pixels = {
    width: number;
    height: number;
    data: Uint8ClampedArray<ArrayBuffer>;
};
export type Image = {
    width: number;
    height: number;
    /**
     * 3 * height * width, one color plane after the other.
     */
    values: Float32Array<ArrayBuffer>;
};
export type Area = {
    x: number;
    y: number;
    width: number;
    height: number;
};
/**
 * Return a copy of a part of a picture.
 *
 * @param {Pixels} pixels
 * @param {Area} area Within the picture.
 * @returns {Pixels}
 */
export declare function crop(pixels: Pixels, area: Area): Pixels;
/** @type {(pixels: Pixels) => Image} Return the colors as the network's input, without transparency. */
export declare function toImage({ width, height, data }: Pixels): Image;
/**
 * Return a part of an image as an opaque picture, clipped and rounded.
 *
 * @param {Image} image Nominally in [0, 1].
 * @param {Area} area Within the image.
 * @returns {Pixels}
 */
export declare function toPixels(image: Image, area: Area): Pixels;
/** @type {(pixels: Pixels) => boolean} Check whether the three colors are equal in every pixel. */
export declare function isGray({ data }: Pixels): boolean;
/** @type {(image: Image) => void} Put the luma into all three colors, in place. */
export declare function removeColor({ width, height, values }: Image): void;
/** @type {(pixels: Pixels) => boolean} Check whether any pixel is not opaque. */
export declare function hasTransparency({ data }: Pixels): boolean;
/**
 * Check whether all values are finite; overflowing fp16 and broken drivers produce others.
 *
 * @param {Image} image
 * @returns {boolean}
 */
export declare function isFinite({ values }: Image): boolean;
