/**
 * Work on the canvas of a whole result, in a worker: to make one of 96 megapixels takes a quarter of a second.
 *
 * @import { ColorSpace } from './color_profile.js'
 * @import { Result } from './result.js'
 * @import { Size } from './view.js'
 *
 * @typedef {object} Whole
 * @property {Size} size
 * @property {ColorSpace} colorSpace
 * @property {{bitmap: ImageBitmap, top: number}[]} pieces Are closed.
 *
 * @typedef {object} Wish Without one it is found out whether such a canvas can be held.
 * @property {ImageEncodeOptions} [encoding]
 * @property {string} [background] A color; empty without one.
 * @property {Size} [reduced]
 */

import { PageError } from './errors.js';

/** Every browser holds canvases of this side; Safari on phones few larger ones. */
const SURE_SIDE = 4096;

/** @type {(size: Size, colorSpace: ColorSpace) => Promise<boolean>} */
export async function canMake(size, colorSpace) {
  if (Math.max(size.width, size.height) <= SURE_SIDE) return true;
  return (await draw({ size, colorSpace, pieces: [] }, {})) !== null;
}

/** @type {(result: Result) => Promise<Whole>} */
export async function wholeOf(result) {
  const { size, colorSpace } = result;
  const copies = result.layer().pieces.map(async ({ source, top, first, end }) => {
    return { bitmap: await createImageBitmap(source, 0, first - top, size.width, end - first), top: first };
  });
  return { size, colorSpace, pieces: await Promise.all(copies) };
}

/**
 * Draw it in a worker that ends then, and frees its memory.
 *
 * @type {(whole: Whole, wish: Wish) => Promise<any>} A Blob if it is encoded, of another type if the browser
 *   cannot write that; an ImageBitmap if it is reduced; null if it cannot be held.
 */
export async function draw(whole, wish) {
  const worker = new Worker(new URL('./whole_worker.js', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => reject(new PageError('A part of this page cannot be loaded. Check the connection, and try again.'));
      worker.postMessage({ ...whole, ...wish }, whole.pieces.map(({ bitmap }) => bitmap));
    });
  } finally {
    worker.terminate();
  }
}
