/**
 * Runs one model on one backend, away from the page so that it stays responsive.
 *
 * @import { Backend } from './device.js'
 * @import { Area, Image, Pixels } from './pixels.js'
 * @import { InferenceSession } from 'onnxruntime-web'
 *
 * @typedef {object} Setup
 * @property {Backend} backend
 * @property {number} threads
 * @property {ArrayBuffer} model
 * @property {string} input Name of the model's input.
 * @property {string} output
 * @property {number} scale
 *
 * @typedef {{setup: Setup}} Open
 * @typedef {{image: Image}} Run
 * @typedef {{tile: Pixels, kept: Area}} Upscale
 * @typedef {{id: number} & (Open | Run | Upscale)} Request
 *
 * @typedef {{engine: string, milliseconds: number, resources: string[]}} Opened
 * @typedef {{image: Image, milliseconds: number}} Ran
 * @typedef {{id: number, answer: Opened | Ran | Pixels} | {id: number, error: string}} Response
 */

import { upscaleAlpha } from './alpha.js';
import { hasTransparency, isFinite, toImage, toPixels } from './pixels.js';

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** @type {{session: InferenceSession, setup: Setup, Tensor: typeof import('onnxruntime-web').Tensor}} */
let opened;

/** One at a time: a session takes no second run while the first goes on. @type {Promise<void>} */
let queue = Promise.resolve();

scope.onmessage = ({ data }) => {
  queue = queue.then(() => respond(data));
};

/** @param {Request} request */
async function respond(request) {
  try {
    const answer = await carryOut(request);
    scope.postMessage({ id: request.id, answer }, buffers(answer));
  } catch (error) {
    scope.postMessage({ id: request.id, error: describe(error) });
  }
}

/**
 * @param {Request} request
 * @returns {Promise<Opened | Ran | Pixels>}
 */
async function carryOut(request) {
  if ('setup' in request) return open(request.setup);
  if ('image' in request) return run(request.image);
  return upscale(request);
}

/**
 * @param {Setup} setup
 * @returns {Promise<Opened>}
 */
async function open(setup) {
  const { backend, threads, model } = setup;
  const gpu = backend === 'webgpu';
  const ort = await (gpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'));
  const version = ort.env.versions.web;
  ort.env.wasm.wasmPaths = new URL(`../../onnxruntime-web-${version}/`, import.meta.url).href;
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  const start = performance.now();
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [gpu ? 'webgpu' : 'wasm'],
    enableMemPattern: false, // 91 MB of heap with it, 76 without (x4 direct, 256x256), and no faster
  });
  opened = { session, setup, Tensor: ort.Tensor };
  const milliseconds = performance.now() - start;
  const resources = performance.getEntriesByType('resource').map(({ name }) => name);
  return { engine: `onnxruntime-web ${version} ${backend}`, milliseconds, resources };
}

/**
 * @param {Image} image
 * @returns {Promise<Ran>}
 */
async function run({ width, height, values }) {
  const { session, setup, Tensor } = opened;
  const start = performance.now();
  const feeds = { [setup.input]: new Tensor('float32', values, [1, 3, height, width]) };
  const output = (await session.run(feeds))[setup.output];
  if (output === undefined) throw new Error(`The model has no output ${setup.output}.`);
  const upscaled = new Float32Array(/** @type {Float32Array} */ (await output.getData()));
  const milliseconds = performance.now() - start;
  const [, , tall = 0, wide = 0] = output.dims;
  output.dispose();
  return { image: { width: wide, height: tall, values: upscaled }, milliseconds };
}

/**
 * @param {Upscale} request
 * @returns {Promise<Pixels>}
 */
async function upscale({ tile, kept }) {
  const { scale } = opened.setup;
  const { image } = await run(toImage(tile));
  if (image.width !== tile.width * scale || image.height !== tile.height * scale) {
    throw new Error(`The model gave ${image.width} x ${image.height} pixels, which is not x${scale}.`);
  }
  if (!isFinite(image)) throw new Error('The model computed values that are not numbers.');
  const result = toPixels(image, kept);
  if (hasTransparency(tile)) upscaleAlpha(tile, scale, kept, result);
  return result;
}

/**
 * @param {unknown} error Of the engine, sometimes a bare number.
 * @returns {string}
 */
function describe(error) {
  return error instanceof Error ? error.message : 'The engine stopped without a reason.';
}

/**
 * What moves to the page instead of being copied.
 *
 * @param {Opened | Ran | Pixels} answer
 * @returns {ArrayBuffer[]}
 */
function buffers(answer) {
  if ('image' in answer) return [answer.image.values.buffer];
  return 'data' in answer ? [answer.data.buffer] : [];
}
