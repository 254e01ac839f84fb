/**
 * Verified download of a model and of the samples that test it.
 *
 * @import { Model, Sample } from './manifest.js'
 * @import { GoldenImages } from './parity.js'
 */

import { UpscalerError } from './errors.js';

const DAMAGED = 'Reload the page; if that does not help, tell whoever runs it.';

/**
 * @param {Model} model
 * @returns {Promise<ArrayBuffer>} The verified file.
 * @throws {UpscalerError} It cannot be fetched, or has another hash.
 */
export function fetchModel(model) {
  return fetchWhole(model, `The model for ${model.label}`);
}

/**
 * @param {Model} model
 * @returns {Promise<GoldenImages[]>} What the self-test compares.
 * @throws {UpscalerError} A sample cannot be fetched, or was changed.
 */
export function fetchGolden({ golden, label }) {
  const fetchSample = (/** @type {Sample} */ sample) =>
    fetchWhole(sample, `A test picture for ${label}`);
  return Promise.all(
    golden.map(async ({ input, output }) => ({
      input: { ...input, values: toValues(await fetchSample(input), input.dtype) },
      output: { ...output, values: new Float32Array(await fetchSample(output)) },
    })),
  );
}

/**
 * @param {ArrayBuffer} content
 * @param {'uint8'|'float32'} dtype
 */
function toValues(content, dtype) {
  if (dtype === 'float32') return new Float32Array(content);
  return Float32Array.from(new Uint8Array(content), (value) => value / 255);
}

/**
 * @param {{url: string, sha256: string}} file
 * @param {string} what For the visitor.
 */
function fetchWhole({ url, sha256 }, what) {
  const bytes = /** @type {string[]} */ (sha256.match(/../g)).map((pair) => parseInt(pair, 16));
  // Checked by the browser: pages without https have no crypto.subtle.
  const integrity = `sha256-${btoa(String.fromCharCode(...bytes))}`;
  return fetchBytes(url, what, { integrity });
}

/**
 * @param {URL|string} url
 * @param {string} what For the visitor.
 * @param {object} [options]
 * @param {string} [options.integrity] As in HTML.
 * @param {(loaded: number) => void} [options.onBytes] Called with the bytes that have come in.
 * @returns {Promise<ArrayBuffer>}
 * @throws {UpscalerError} It cannot be fetched, or is another file.
 */
export async function fetchBytes(url, what, { integrity = '', onBytes } = {}) {
  try {
    const response = await fetch(url, { integrity });
    if (response.ok) return await (onBytes ? count(response, onBytes) : response).arrayBuffer();
  } catch {
    // Browsers tell a wrong file from a broken line in the console only: see below.
  }
  const answer = await fetch(url).catch(() => null);
  if (answer === null || (answer.ok && !integrity)) {
    throw new UpscalerError('network', `${what} cannot be loaded. Are you online? Try again when you are.`);
  }
  if (answer.ok) throw new UpscalerError('model-wrong', `${what} is damaged. ${DAMAGED}`);
  const found = `the server answered ${answer.status}`;
  throw new UpscalerError('model-missing', `${what} is missing (${found}). ${DAMAGED}`);
}

/** @type {(response: Response, onBytes: (loaded: number) => void) => Response} */
function count(response, onBytes) {
  let loaded = 0;
  /** @type {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} */
  const counter = new TransformStream({
    transform(chunk, controller) {
      onBytes((loaded += chunk.byteLength));
      controller.enqueue(chunk);
    },
  });
  return response.body ? new Response(response.body.pipeThrough(counter)) : response;
}
