/**
 * Choice of the converted files for the page, one per scale and kind of weights, with their manifests checked.
 *
 * @import { CatalogEntry } from './src/ui/models.js'
 *
 * @typedef {Map<string, Uint8Array>} Files Name in the built folder -> content.
 */

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

import { describeModel, isOnnxManifest } from '../mobile_runtime/javascript/manifest.js';

/** No page can be built; the message says what to do. */
export class BuildError extends Error {}

/**
 * Of several files of one scale the first of these wins: the head that computes least, the smaller
 * download (as fast, as measured in Chromium), and the shift that takes 0.90 to 0.99 of the other's
 * time in WASM (`nox -s bench`; WebGPU was not measured on a real GPU). Other precisions are not
 * for the page: WebGPU has no kernels for 8-bit values, and more than half of such a file would run
 * on the processor, with copies between (`scnet check`).
 */
const PREFERRED = [
  { field: 'head', order: ['direct', 'pixelshuffle', 'mlp'] },
  { field: 'precision', order: ['fp16', 'fp32'] },
  { field: 'shift', order: ['slice_concat', 'depthwise'] },
];

/**
 * @param {string} folder With `.onnx` files and their manifests, as `scnet convert` leaves it.
 * @returns {Promise<{catalog: {models: CatalogEntry[]}, files: Files}>}
 * @throws {BuildError} There is none, or one does not match its manifest.
 */
export async function readModels(folder) {
  const manifests = await readManifests(folder);
  if (manifests.length === 0) {
    throw new BuildError(
      `No .onnx file for any size, with its manifest, lies in ${folder}: make some with ` +
        '`scnet convert --format onnx --precision fp16 -o FOLDER`, then name FOLDER with --models.',
    );
  }
  /** @type {Files} */
  const files = new Map();
  const models = [];
  for (const wanted of new Set(manifests.map(place))) {
    const best = manifests.find((manifest) => place(manifest) === wanted);
    models.push(await describe(folder, best, files));
  }
  models.sort((a, b) => a.scale - b.scale || b.weights.localeCompare(a.weights)); // photo first
  return { catalog: { models }, files };
}

/**
 * @param {any} manifest
 * @returns {string} Of files with the same place one is taken.
 */
const place = ({ model }) => `${model.scale} ${weightsOf(model)}`;

/**
 * @param {any} model
 * @returns {'photo'|'clean'} What the weights are for, which their name says.
 */
const weightsOf = (model) => (/-photo\b/.test(model.weights.name) ? 'photo' : 'clean');

/** @param {string} folder @returns {Promise<any[]>} The preferred first. */
async function readManifests(folder) {
  const names = await readdir(folder).catch(() => /** @type {string[]} */ ([]));
  const manifests = [];
  for (const name of names.filter((name) => name.endsWith('.onnx.json')).sort()) {
    const manifest = parse(await readFile(path.join(folder, name), 'utf8'), name);
    if (isForThePage(manifest.model)) manifests.push(manifest);
  }
  return manifests.sort((a, b) => rank(a).localeCompare(rank(b)));
}

/** @param {any} model */
function isForThePage(model) {
  const known = PREFERRED.every(({ field, order }) => order.includes(model[field]));
  return known && model.sizes === null;
}

/**
 * @param {string} text
 * @param {string} name
 */
function parse(text, name) {
  try {
    const manifest = JSON.parse(text);
    if (isOnnxManifest(manifest)) return manifest;
  } catch {
    // reported below
  }
  throw new BuildError(`${name} is not a manifest of version 1 or 2 of an ONNX file: convert again.`);
}

/** @type {(manifest: any) => string} Sorts before those of the manifests that are worse. */
const rank = ({ model }) => PREFERRED.map(({ field, order }) => order.indexOf(model[field])).join();

/**
 * @param {string} folder
 * @param {any} manifest
 * @param {Files} files Receives what the entry names.
 * @returns {Promise<CatalogEntry>}
 */
async function describe(folder, manifest, files) {
  /** @type {Map<string, {name: string, sha256: string}>} */
  const named = new Map();
  const model = describeModel(manifest, (name, sha256) => {
    const place = name === manifest.file ? 'models' : 'models/golden';
    // The hash in it lets browsers cache it.
    const kept = `${place}/${sha256.slice(0, 12)}-${path.basename(name)}`;
    named.set(kept, { name, sha256 });
    return `../../${kept}`; // from models.json, in assets/HASH
  });
  for (const [kept, { name, sha256 }] of named) files.set(kept, await readChecked(folder, name, sha256));
  return { weights: weightsOf(manifest.model), ...model };
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string} sha256
 */
async function readChecked(folder, name, sha256) {
  const file = path.join(folder, name);
  const content = await readFile(file).catch((error) => {
    throw new BuildError(`${file} cannot be read (${error.code}): convert again.`);
  });
  if (createHash('sha256').update(content).digest('hex') !== sha256) {
    throw new BuildError(`${file} is not the file that its manifest describes: convert again.`);
  }
  return content;
}
