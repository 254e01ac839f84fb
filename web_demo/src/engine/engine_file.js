/**
 * The engine's .wasm files, of 14 and 27 MB: fetched once per visit and handed to every worker.
 *
 * @import { Backend } from './device.js'
 *
 * @typedef {{loadedMb: number, totalMb: number}} Loading
 */

import { fetchBytes } from './catalog.js';

/** @type {Map<string, Promise<ArrayBuffer>>} */
const fetched = new Map();

/** @type {(loading: Loading) => void} */
let tell = () => {};

/** @type {(listener: (loading: Loading) => void) => void} Called while a file comes in; the last listener counts. */
export function watchLoading(listener) {
  tell = listener;
}

/**
 * Fetch the engine for a backend, unless that was done.
 *
 * @param {Backend} backend
 * @returns {Promise<ArrayBuffer>}
 * @throws {UpscalerError} It cannot be fetched; the next call tries again.
 */
export function fetchEngine(backend) {
  const name = `ort-wasm-simd-threaded${backend === 'webgpu' ? '.asyncify' : ''}.wasm`;
  const known = fetched.get(name);
  if (known) return known;
  /** Written by build.mjs. @type {{folder: string, bytes: Record<string, number>}} */
  const { folder, bytes } = /** @type {any} */ (globalThis).ENGINE;
  const total = bytes[name] ?? NaN;
  const fetching = fetchBytes(new URL(`../../${folder}/${name}`, import.meta.url), 'The engine', {
    onBytes: (loaded) => tell({ loadedMb: loaded / 1e6, totalMb: total / 1e6 }),
  });
  fetched.set(name, fetching);
  fetching.catch(() => fetched.delete(name));
  return fetching;
}
