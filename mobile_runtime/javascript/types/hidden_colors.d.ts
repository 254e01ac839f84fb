/**
 * Colors of invisible pixels. A canvas makes them black, and the network, which ignores
 * transparency, would draw a dark fringe around a cutout.
 *
 * @import { Pixels } from './pixels.js'
 */
import type { Pixels } from './pixels.js';
/**
 * Set invisible pixels to the color of the nearest visible one, in place; alpha is unchanged.
 *
 * Two sweeps, as for a distance transform, so that the time does not depend on the picture.
 *
 * @param {Pixels} pixels
 * @param {() => Promise<void>} pause Between the parts of a large picture.
 */
export declare function spreadColors({ width, data }: Pixels, pause: () => Promise<void>): Promise<void>;
