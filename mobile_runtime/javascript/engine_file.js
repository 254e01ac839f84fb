/**
 * The engine, onnxruntime-web: a script, and a .wasm file of 14 or 27 MB, which is fetched once and
 * handed to every worker.
 *
 * @import { Backend } from './device.js'
 *
 * @typedef {object} Loading
 * @property {number} loadedMb
 * @property {number} totalMb About that, since servers compress.
 */

import { fetchBytes } from './model_files.js';

/** Its two builds: smaller and faster without WebGPU, larger and slower with it. */
export const BUILDS = {
  wasm: { module: 'ort.wasm.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.wasm', megabytes: 14 },
  webgpu: {
    ...{ module: 'ort.webgpu.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.asyncify.wasm' },
    megabytes: 27,
  },
};

/** Where npm puts them, written so that bundlers find them. @type {Record<string, URL>} */
const INSTALLED = {
  'ort.wasm.bundle.min.mjs': new URL('../onnxruntime-web/dist/ort.wasm.bundle.min.mjs', import.meta.url),
  'ort.webgpu.bundle.min.mjs': new URL('../onnxruntime-web/dist/ort.webgpu.bundle.min.mjs', import.meta.url),
  'ort-wasm-simd-threaded.wasm': new URL('../onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', import.meta.url),
  'ort-wasm-simd-threaded.asyncify.wasm': new URL('../onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url),
};

/** @type {URL|null} */
let ownFolder = null;

/** @type {Map<string, Promise<ArrayBuffer>>} */
const fetched = new Map();

/** @type {(loading: Loading) => void} */
let tell = () => {};

/**
 * Take the engine from another folder than that where npm puts it, for all that is opened later.
 *
 * @param {URL|string} folder With the files of `onnxruntime-web/dist`, from the same server as the page.
 */
export function setEngineFolder(folder) {
  ownFolder = new URL(`${folder}`.replace(/\/?$/, '/'), globalThis.document?.baseURI);
}

/** @type {(listener: (loading: Loading) => void) => void} Called while a file comes in; the last listener counts. */
export function watchLoading(listener) {
  tell = listener;
}

/** @type {(backend: Backend) => typeof BUILDS.wasm} */
const buildFor = (backend) => BUILDS[backend === 'webgpu' ? 'webgpu' : 'wasm'];

/** @type {(name: string) => string} */
const addressOf = (name) => `${ownFolder ? new URL(name, ownFolder) : INSTALLED[name]}`;

/** @type {(backend: Backend) => string} Address of the script. */
export const engineModule = (backend) => addressOf(buildFor(backend).module);

/**
 * Fetch the engine for a backend, unless that was done.
 *
 * @param {Backend} backend
 * @returns {Promise<ArrayBuffer>}
 * @throws {UpscalerError} It cannot be fetched; the next call tries again.
 */
export function fetchEngine(backend) {
  const { binary, megabytes } = buildFor(backend);
  const address = addressOf(binary);
  const known = fetched.get(address);
  if (known) return known;
  const onBytes = (/** @type {number} */ loaded) => {
    tell({ loadedMb: loaded / 1e6, totalMb: Math.max(megabytes, loaded / 1e6) });
  };
  const fetching = fetchBytes(address, 'The engine', { onBytes });
  fetched.set(address, fetching);
  fetching.catch(() => fetched.delete(address));
  return fetching;
}
