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

const OPAQUE = 255;

/**
 * Return a copy of a part of a picture.
 *
 * @param {Pixels} pixels
 * @param {Area} area Within the picture.
 * @returns {Pixels}
 */
export function crop(pixels, area) {
  const data = new Uint8ClampedArray(4 * area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const start = 4 * ((area.y + row) * pixels.width + area.x);
    data.set(pixels.data.subarray(start, start + 4 * area.width), 4 * row * area.width);
  }
  return { width: area.width, height: area.height, data };
}

/** @type {(pixels: Pixels) => Image} Return the colors as the network's input, without transparency. */
export function toImage({ width, height, data }) {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let color = 0; color < 3; color++) {
      values[color * plane + i] = /** @type {number} */ (data[4 * i + color]) / 255;
    }
  }
  return { width, height, values };
}

/**
 * Return a part of an image as an opaque picture, clipped and rounded.
 *
 * @param {Image} image Nominally in [0, 1].
 * @param {Area} area Within the image.
 * @returns {Pixels}
 */
export function toPixels(image, area) {
  const plane = image.width * image.height;
  const data = new Uint8ClampedArray(4 * area.width * area.height).fill(OPAQUE);
  let to = 0;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++, to += 4) {
      for (let color = 0; color < 3; color++) {
        const value = /** @type {number} */ (image.values[color * plane + y * image.width + x]);
        // The array itself clips, and rounds halves to even as numpy's rint does.
        data[to + color] = Math.fround(value * 255);
      }
    }
  }
  return { width: area.width, height: area.height, data };
}

/** Weights of R, G and B in the luma of BT.601. */
const LUMA = /** @type {const} */ ([0.299, 0.587, 0.114]);

/** @type {(pixels: Pixels) => boolean} Check whether the three colors are equal in every pixel. */
export function isGray({ data }) {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/** @type {(image: Image) => void} Put the luma into all three colors, in place. */
export function removeColor({ width, height, values }) {
  const plane = width * height;
  const [red, green, blue] = [0, 1, 2].map((color) =>
    values.subarray(color * plane, (color + 1) * plane),
  );
  if (!red || !green || !blue) return;
  for (let i = 0; i < plane; i++) {
    const [r = 0, g = 0, b = 0] = [red[i], green[i], blue[i]];
    red[i] = green[i] = blue[i] = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
  }
}

/** @type {(pixels: Pixels) => boolean} Check whether any pixel is not opaque. */
export function hasTransparency({ data }) {
  for (let i = 3; i < data.length; i += 4) {
    if (data[i] !== OPAQUE) return true;
  }
  return false;
}

/**
 * Check whether all values are finite; overflowing fp16 and broken drivers produce others.
 *
 * @param {Image} image
 * @returns {boolean}
 */
export function isFinite({ values }) {
  return values.every(Number.isFinite);
}
