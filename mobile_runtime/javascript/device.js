/**
 * Capabilities of this device and browser, and the order in which to try backends.
 *
 * @import { Trial } from './self_test.js'
 *
 * @typedef {'webgpu'|'wasm-threads'|'wasm'} Backend
 *
 * @typedef {object} Device
 * @property {'hardware'|'software'|'none'} gpu Where WebGPU would run.
 * @property {string} gpuName Empty if unknown.
 * @property {boolean} isolated The page may share memory between threads.
 * @property {boolean} ios iPhone or iPad, whatever the user agent says.
 * @property {number} cores
 * @property {string} userAgent
 */

/** More threads than this gain nothing on networks of this size, and phones have few fast cores. */
const MOST_THREADS = 4;

/** Names for the visitor, best backend first. */
export const BACKEND_NAMES = Object.freeze({
  webgpu: 'Graphics chip',
  'wasm-threads': 'Processor',
  wasm: 'Processor, one thread',
});

/** @returns {Promise<Device>} */
export async function describeDevice() {
  // Some drivers throw where the standard requires null.
  const adapter = (await navigator.gpu?.requestAdapter().catch(() => null)) ?? null;
  const info = adapter?.info;
  // In older browsers only the adapter itself has it.
  const fallback = info?.isFallbackAdapter ?? Object(adapter).isFallbackAdapter ?? false;
  return {
    gpu: adapter === null ? 'none' : fallback ? 'software' : 'hardware',
    gpuName: [info?.vendor, info?.architecture].filter(Boolean).join(' '),
    isolated: globalThis.crossOriginIsolated,
    ios: isIos(navigator),
    cores: navigator.hardwareConcurrency || 1,
    userAgent: navigator.userAgent,
  };
}

/** @type {(navigator: {userAgent: string, maxTouchPoints: number}) => boolean} */
export function isIos({ userAgent, maxTouchPoints }) {
  // An iPad calls itself a Macintosh, which has no touch screen.
  return /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}

/**
 * Return why a backend is not tried unless the visitor chooses it.
 *
 * @param {Backend} backend
 * @param {Device} device
 * @returns {string|null} Null if it is tried.
 */
function unavailableReason(backend, device) {
  if (backend === 'wasm') return null;
  if (device.ios) {
    // onnxruntime#22086 for threads, #26827 and #27584 for WebGPU.
    return 'It can crash this page on iPhone and iPad.';
  }
  if (backend === 'webgpu') {
    if (device.gpu === 'none') return 'This browser gives no page the graphics chip here (WebGPU).';
    if (device.gpu === 'software') return 'The processor would have to imitate it here, slowly.';
    return null;
  }
  if (!device.isolated) return 'The server does not allow threads here.';
  return device.cores < 2 ? 'This device has one core only.' : null;
}

/**
 * Split the backends into those to try, best first, and those to skip.
 *
 * @param {Device} device
 * @returns {{candidates: Backend[], skipped: Trial[]}}
 */
export function planTrials(device) {
  const backends = /** @type {Backend[]} */ (Object.keys(BACKEND_NAMES));
  return {
    candidates: backends.filter((backend) => unavailableReason(backend, device) === null),
    skipped: backends.flatMap((backend) => {
      const reason = unavailableReason(backend, device);
      return reason === null ? [] : [{ backend, passed: false, psnrDb: null, tileMs: null, reason }];
    }),
  };
}

/** @type {(backend: Backend, device: Device) => number} */
export function chooseThreads(backend, device) {
  if (backend !== 'wasm-threads') return 1;
  return Math.min(MOST_THREADS, Math.max(2, Math.ceil(device.cores / 2)));
}
