/**
 * Colors of invisible pixels. A canvas makes them black, and the network, which ignores
 * transparency, would draw a dark fringe around a cutout.
 *
 * @import { Pixels } from './pixels.js'
 */

/** How far a color spreads, in pixels: what is farther away hardly affects visible pixels. */
const REACH = 8;

/**
 * Set invisible pixels to the color of the nearest visible one, in place; alpha is unchanged.
 *
 * Two sweeps, as for a distance transform, so that the time does not depend on the picture.
 *
 * @param {Pixels} pixels
 */
export function spreadColors({ width, data }) {
  const far = measure(data);
  const take = (/** @type {number} */ to, /** @type {number} */ from) => {
    const distance = /** @type {number} */ (far[from]) + 1;
    if (distance >= /** @type {number} */ (far[to])) return;
    far[to] = distance;
    data.copyWithin(4 * to, 4 * from, 4 * from + 3);
  };
  for (let i = 0; i < far.length; i++) {
    if (far[i] === 0) continue;
    if (i % width !== 0) take(i, i - 1);
    if (i >= width) take(i, i - width);
  }
  for (let i = far.length - 1; i >= 0; i--) {
    if (far[i] === 0) continue;
    if ((i + 1) % width !== 0) take(i, i + 1);
    if (i + width < far.length) take(i, i + width);
  }
}

/** @type {(data: Uint8ClampedArray) => Uint8Array} Of each pixel, 0 if it is visible. */
function measure(data) {
  const far = new Uint8Array(data.length / 4);
  for (let i = 0; i < far.length; i++) if (data[4 * i + 3] === 0) far[i] = REACH + 1;
  return far;
}
