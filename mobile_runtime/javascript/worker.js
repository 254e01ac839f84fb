/**
 * Worker that runs one model on one backend, so that the page stays responsive.
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
 * @typedef {{engine: Backend, module: string, binary: ArrayBuffer}} Load Is sent first.
 * @typedef {{setup: Setup}} Open
 * @typedef {{image: Image}} Run
 * @typedef {{tile: Pixels, kept: Area, gray: boolean}} Upscale
 * @typedef {{id: number} & (Load | Open | Run | Upscale)} Request
 *
 * @typedef {{engine: string}} Loaded Its name and version.
 * @typedef {{milliseconds: number, resources: string[]}} Opened
 * @typedef {{image: Image, milliseconds: number}} Ran
 * @typedef {Loaded | Opened | Ran | Pixels} Answer
 * @typedef {{id: number} & ({answer: Answer} | {error: string})} Response
 * @typedef {{lost: string}} Lost Is sent whenever the GPU goes away.
 */

import { upscaleAlpha } from './alpha.js';
import { hasTransparency, isFinite, removeColor, toImage, toPixels } from './pixels.js';

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** @type {typeof import('onnxruntime-web')} */
let ort;

/** @type {{session: InferenceSession, setup: Setup}} */
let opened;

/** A session accepts no second run during the first. @type {Promise<void>} */
let queue = Promise.resolve();

scope.onmessage = ({ data }) => {
  queue = queue.then(() => respond(data));
};

/** @param {Request} request */
async function respond(request) {
  try {
    const answer = await execute(request);
    scope.postMessage({ id: request.id, answer }, buffers(answer));
  } catch (error) {
    scope.postMessage({ id: request.id, error: describe(error) });
  }
}

/** @type {(request: Request) => Promise<Answer>} */
async function execute(request) {
  if ('engine' in request) return load(request);
  if ('setup' in request) return open(request.setup);
  if ('image' in request) return run(request.image);
  return upscale(request);
}

/** @type {(request: Load) => Promise<Loaded>} */
async function load({ engine: backend, module, binary }) {
  ort = await import(/* @vite-ignore */ /* webpackIgnore: true */ module);
  ort.env.wasm.wasmBinary = binary;
  await compileEarly(binary);
  return { engine: `onnxruntime-web ${ort.env.versions.web} ${backend}` };
}

/** @type {(setup: Setup) => Promise<Opened>} */
async function open(setup) {
  ort.env.wasm.numThreads = setup.threads;
  ort.env.logLevel = 'error';
  const start = performance.now();
  const session = await ort.InferenceSession.create(setup.model, {
    executionProviders: [setup.backend === 'webgpu' ? 'webgpu' : 'wasm'],
    enableMemPattern: false, // 91 MB of heap with it, 76 without (x4 direct, 256x256), and no faster
  });
  opened = { session, setup };
  if (setup.backend === 'webgpu') void watchGpu();
  const milliseconds = performance.now() - start;
  const resources = performance.getEntriesByType('resource').map(({ name }) => name);
  return { milliseconds, resources };
}

/**
 * Compile the engine before the time counts in which a device must answer: on a slow or busy one that
 * alone takes half a minute, and is no sign of threads that hang.
 *
 * @param {ArrayBuffer} binary
 */
async function compileEarly(binary) {
  const module = await WebAssembly.compile(binary);
  const { instantiate } = WebAssembly;
  /** @type {any} */ (WebAssembly).instantiate = async (
    /** @type {any} */ source,
    /** @type {WebAssembly.Imports} */ imports,
  ) => {
    const isEngine = source.byteLength === binary.byteLength;
    if (!isEngine) return instantiate(source, imports);
    return { module, instance: await instantiate(module, imports) };
  };
}

async function watchGpu() {
  const device = /** @type {{lost: Promise<{message: string}>}} */ (await ort.env.webgpu.device);
  scope.postMessage({ lost: (await device.lost).message });
}

/** @type {(image: Image) => Promise<Ran>} */
async function run({ width, height, values }) {
  const { session, setup } = opened;
  const start = performance.now();
  const feeds = { [setup.input]: new ort.Tensor('float32', values, [1, 3, height, width]) };
  const output = (await session.run(feeds))[setup.output];
  if (output === undefined) throw new Error(`The model has no output ${setup.output}.`);
  const upscaled = new Float32Array(/** @type {Float32Array} */ (await output.getData()));
  const milliseconds = performance.now() - start;
  const [, , tall = 0, wide = 0] = output.dims;
  output.dispose();
  return { image: { width: wide, height: tall, values: upscaled }, milliseconds };
}

/** @type {(request: Upscale) => Promise<Pixels>} */
async function upscale({ tile, kept, gray }) {
  const { scale } = opened.setup;
  const { image } = await run(toImage(tile));
  if (image.width !== tile.width * scale || image.height !== tile.height * scale) {
    throw new Error(`The model gave ${image.width} x ${image.height} pixels, which is not x${scale}.`);
  }
  if (!isFinite(image)) throw new Error('The model computed values that are not numbers.');
  if (gray) removeColor(image);
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
 * Return the buffers that are transferred to the page instead of being copied.
 *
 * @param {Answer} answer
 * @returns {ArrayBuffer[]}
 */
function buffers(answer) {
  if ('image' in answer) return [answer.image.values.buffer];
  return 'data' in answer ? [answer.data.buffer] : [];
}
