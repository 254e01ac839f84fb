/**
 * Colors of invisible pixels. A canvas makes them black, and the network, which ignores
 * transparency, would draw a dark fringe around a cutout.
 *
 * @import { Pixels } from './pixels.js'
 */

/** How far a color spreads, in pixels: what is farther away hardly affects visible pixels. */
const REACH = 8;

/** Pixels that are swept in one go. */
const PART = 1_000_000;

/**
 * Set invisible pixels to the color of the nearest visible one, in place; alpha is unchanged.
 *
 * Two sweeps, as for a distance transform, so that the time does not depend on the picture.
 *
 * @param {Pixels} pixels
 * @param {() => Promise<void>} pause Between the parts of a large picture.
 */
export async function spreadColors({ width, data }, pause) {
  const far = new Uint8Array(data.length / 4); // from the next visible pixel, which is 0
  const take = (/** @type {number} */ to, /** @type {number} */ from) => {
    const distance = /** @type {number} */ (far[from]) + 1;
    if (distance >= /** @type {number} */ (far[to])) return;
    far[to] = distance;
    data.copyWithin(4 * to, 4 * from, 4 * from + 3);
  };
  const forward = (/** @type {number} */ i) => {
    if (data[4 * i + 3] !== 0) return;
    far[i] = REACH + 1;
    if (i % width !== 0) take(i, i - 1);
    if (i >= width) take(i, i - width);
  };
  const backward = (/** @type {number} */ i) => {
    if ((i + 1) % width !== 0) take(i, i + 1);
    if (i + width < far.length) take(i, i + width);
  };
  for (let part = 0; part < far.length; part += PART) {
    const end = Math.min(part + PART, far.length);
    for (let i = part; i < end; i++) forward(i);
    if (far.length > PART) await pause();
  }
  for (let part = far.length; part > 0; part -= PART) {
    const end = Math.max(0, part - PART);
    for (let i = part - 1; i >= end; i--) if (far[i] !== 0) backward(i);
    if (far.length > PART) await pause();
  }
}
