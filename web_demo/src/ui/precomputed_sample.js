/** A sample with its precomputed result, shown before anything is computed. */

import { Comparison } from './comparison.js';
import { openPicture } from './picture.js';

const SAMPLE = 'samples/coffee.webp';
/** Made by `scnet upscale` with the bundled weights; see samples/README.md. */
const RESULT = 'samples/coffee-x4.webp';
const SCALE = 4;

/**
 * @returns {Promise<Comparison>}
 * @throws {Error} The files cannot be fetched; nothing else depends on them.
 */
export async function openPrecomputedSample() {
  const [sample, result] = await Promise.all([fetchBlob(SAMPLE), fetchBlob(RESULT)]);
  const comparison = new Comparison(await openPicture(sample, ''), SCALE);
  const bitmap = await createImageBitmap(result);
  comparison.paintResult(bitmap);
  bitmap.close();
  await comparison.paintBefore({ x: 0, y: 0, ...comparison.size }, new AbortController().signal);
  return comparison;
}

/** @type {(address: string) => Promise<Blob>} */
async function fetchBlob(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.blob();
}
