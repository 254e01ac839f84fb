/**
 * Bicubic interpolation, the baseline that the network is compared with.
 *
 * The same numbers as `resize_bicubic` of `mobile_runtime/imaging/metrics.py`, and so as MATLAB's `imresize`:
 * Keys' kernel with a = -0.5, mirrored at the borders, rounded to 8 bit after each pass.
 *
 * @import { Pixels } from '../engine/pixels.js'
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Rectangle
 * @typedef {{inputs: Int32Array, weights: Float64Array}} Taps Four of each per output position.
 */

/**
 * Upscale what a region of the result needs.
 *
 * @param {Pixels} picture
 * @param {number} scale A whole number.
 * @param {Rectangle} region In result pixels, inside the result.
 * @returns {Pixels} The region. Colors are weighted by their alpha, so that invisible ones do not
 *   show.
 */
export function enlargeBicubic(picture, scale, region) {
  const { width, height } = region;
  const rows = findTaps(region.y, height, scale, picture.height);
  const columns = findTaps(region.x, width, scale, picture.width);
  const data = new Uint8ClampedArray(width * height * 4);
  const line = new Uint8ClampedArray(picture.width * 4);
  const from = columns.inputs.reduce((least, input) => Math.min(least, input));
  const to = columns.inputs.reduce((most, input) => Math.max(most, input)) + 1;
  for (let y = 0; y < height; y++) {
    for (let x = from; x < to; x++) {
      mix(picture.data, rows, y, picture.width, x, line, x * 4);
    }
    for (let x = 0; x < width; x++) mix(line, columns, x, 1, 0, data, (y * width + x) * 4);
  }
  return { width, height, data };
}

/**
 * Return the four inputs of each output position, and their weights.
 *
 * @param {number} start @param {number} count @param {number} scale @param {number} size
 * @returns {Taps}
 */
function findTaps(start, count, scale, size) {
  const inputs = new Int32Array(count * 4);
  const weights = new Float64Array(count * 4);
  for (let i = 0; i < count; i++) {
    const center = (start + i + 0.5) / scale - 0.5;
    for (let tap = 0; tap < 4; tap++) {
      const input = Math.floor(center) - 1 + tap;
      inputs[i * 4 + tap] = mirror(input, size);
      weights[i * 4 + tap] = cubic(center - input);
    }
  }
  return { inputs, weights };
}

/** @type {(index: number, size: number) => number} The border pixel stands twice. */
function mirror(index, size) {
  const wrapped = ((index % (2 * size)) + 2 * size) % (2 * size);
  return wrapped < size ? wrapped : 2 * size - 1 - wrapped;
}

/** @type {(distance: number) => number} */
function cubic(distance) {
  const x = Math.abs(distance);
  return x <= 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2;
}

/**
 * Mix four pixels into one, weighted by kernel and alpha.
 *
 * Rounded as MATLAB does, halves up; a clamped array would round them to even.
 *
 * @param {Uint8ClampedArray} source
 * @param {Taps} taps
 * @param {number} position Which four of them.
 * @param {number} stride @param {number} offset From input to pixel of the source.
 * @param {Uint8ClampedArray} output @param {number} at
 */
function mix(source, taps, position, stride, offset, output, at) {
  let [red, green, blue, alpha] = [0, 0, 0, 0];
  for (let tap = position * 4; tap < position * 4 + 4; tap++) {
    const input = (pick(taps.inputs, tap) * stride + offset) * 4;
    const opacity = pick(taps.weights, tap) * pick(source, input + 3);
    red += opacity * pick(source, input);
    green += opacity * pick(source, input + 1);
    blue += opacity * pick(source, input + 2);
    alpha += opacity;
  }
  if (alpha <= 0) return output.fill(0, at, at + 4);
  output[at] = Math.floor(red / alpha + 0.5);
  output[at + 1] = Math.floor(green / alpha + 0.5);
  output[at + 2] = Math.floor(blue / alpha + 0.5);
  output[at + 3] = Math.floor(alpha + 0.5);
  return output;
}

/** @type {(numbers: Int32Array|Float64Array|Uint8ClampedArray, index: number) => number} */
function pick(numbers, index) {
  return /** @type {number} */ (numbers[index]);
}
