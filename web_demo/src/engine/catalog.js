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
 * @typedef {object} ModelEntry One converted file that can be chosen.
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
 * @returns {Promise<CatalogEntry[]>} One entry per scale, at least one.
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
async function fetchWhole({ url, sha256 }, what) {
  const content = await fetchBytes(new URL(url, CATALOG_URL), what);
  if ((await hash(content)) !== sha256) {
    throw new UpscalerError('model-wrong', `${what} is damaged. ${DAMAGED}`);
  }
  return content;
}

/**
 * @param {URL} url
 * @param {string} what For the visitor.
 * @returns {Promise<ArrayBuffer>}
 * @throws {UpscalerError} It cannot be fetched.
 */
export async function fetchBytes(url, what) {
  try {
    const response = await fetch(url);
    if (response.ok) return await response.arrayBuffer();
    throw new UpscalerError(
      'model-missing',
      `${what} is missing (the server answered ${response.status}). ${DAMAGED}`,
    );
  } catch (error) {
    if (error instanceof UpscalerError) throw error;
    throw new UpscalerError(
      'network',
      `${what} cannot be loaded. Are you online? Try again when you are.`,
      { cause: error },
    );
  }
}

/** @param {ArrayBuffer} content */
async function hash(content) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
