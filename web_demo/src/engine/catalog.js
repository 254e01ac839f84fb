/**
 * Catalog of the converted files of the page, and their verified download.
 *
 * The build writes `models.json` from the manifests beside the files; see `models.mjs`.
 *
 * @import { GoldenImages } from './parity.js'
 *
 * @typedef {object} Blob A file, named after its content.
 * @property {string} url Relative to `models.json`.
 * @property {string} sha256
 *
 * @typedef {Blob & {height: number, width: number}} Sample A raw image, NCHW, RGB.
 *
 * @typedef {object} Golden An input and PyTorch's output for it.
 * @property {string} name
 * @property {Sample & {dtype: 'uint8'|'float32'}} input White at 255, or little-endian and white at 1.
 * @property {Sample & {stride: number}} output Little-endian float32, white at 1. Height and width are
 *   those of the whole output, of which the file keeps the rows and columns of `keptPositions`.
 *
 * @typedef {'photo'|'clean'} Weights For pictures as people have them, or for those without a trace of
 *   compression.
 *
 * @typedef {object} ModelEntry One converted file that can be chosen.
 * @property {Weights} weights
 * @property {number} scale Result pixels per picture pixel and side.
 * @property {string} head
 * @property {string} file
 * @property {string} precision
 * @property {number} bytes
 * @property {string} label For the visitor.
 * @property {number} halo Receptive-field radius of a result pixel, in picture pixels.
 * @property {string} licence Of the weights, such as `Apache-2.0` or `CC-BY-NC-4.0`.
 *
 * @typedef {object} CatalogFacts
 * @property {string} url Relative to `models.json`.
 * @property {string} sha256
 * @property {string} shift Form of the spatial shift.
 * @property {number} operators Number in the file.
 * @property {string} input Its name.
 * @property {string} output
 * @property {Golden[]} golden
 *
 * @typedef {ModelEntry & CatalogFacts} CatalogEntry
 */

import { UpscalerError } from './errors.js';

const DAMAGED = 'Reload the page; if that does not help, tell whoever runs it.';

/** Where the build puts it: beside the modules. */
export const CATALOG_URL = new URL('models.json', import.meta.url);

/**
 * @param {URL} url
 * @returns {Promise<CatalogEntry[]>} One entry per scale and kind of weights, at least one.
 * @throws {UpscalerError} It cannot be fetched, or lists nothing.
 */
export async function fetchCatalog(url = CATALOG_URL) {
  const content = await fetchBytes(url, 'The list of models');
  const entries = parse(new TextDecoder().decode(content));
  if (entries.length === 0) {
    throw new UpscalerError('model-wrong', `The list of models is damaged. ${DAMAGED}`);
  }
  return entries;
}

/**
 * @param {CatalogEntry} entry
 * @returns {Promise<ArrayBuffer>} The verified file.
 * @throws {UpscalerError} It cannot be fetched, or has another hash.
 */
export function fetchModel(entry) {
  return fetchWhole(entry, `The model for ${entry.label}`);
}

/**
 * @param {CatalogEntry} entry
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
 * @param {string} text
 * @returns {CatalogEntry[]} Empty if it is no catalog.
 */
function parse(text) {
  try {
    const { models } = JSON.parse(text);
    return Array.isArray(models) ? models : [];
  } catch {
    return [];
  }
}

/**
 * @param {Blob} blob
 * @param {string} what For the visitor.
 */
function fetchWhole({ url, sha256 }, what) {
  const bytes = /** @type {string[]} */ (sha256.match(/../g)).map((pair) => parseInt(pair, 16));
  // Checked by the browser: pages without https have no crypto.subtle.
  const integrity = `sha256-${btoa(String.fromCharCode(...bytes))}`;
  return fetchBytes(new URL(url, CATALOG_URL), what, { integrity });
}

/**
 * @param {URL} url
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
