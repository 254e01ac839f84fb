/**
 * What is known of a converted file: its manifest, as `scnet convert` writes it beside the file.
 *
 * @typedef {object} Sample A raw image, NCHW, RGB.
 * @property {string} url
 * @property {string} sha256
 * @property {number} height
 * @property {number} width
 *
 * @typedef {object} Golden An input and PyTorch's output for it.
 * @property {string} name
 * @property {Sample & {dtype: 'uint8'|'float32'}} input White at 255, or little-endian and white at 1.
 * @property {Sample & {stride: number}} output Little-endian float32, white at 1. Height and width are
 *   those of the whole output, of which the file keeps the rows and columns of `keptPositions`.
 *
 * @typedef {object} Model A converted file, where it lies, and what proves it.
 * @property {string} url
 * @property {string} sha256
 * @property {string} file Its name.
 * @property {string} label For people.
 * @property {number} scale Result pixels per picture pixel and side.
 * @property {string} head
 * @property {string} precision
 * @property {string} shift Form of the spatial shift.
 * @property {number} halo Receptive-field radius of a result pixel, in picture pixels.
 * @property {number} halo8bit As much of it as 8-bit values need, to within one level.
 * @property {string} licence Of the weights, such as `Apache-2.0` or `CC-BY-NC-4.0`.
 * @property {number} operators Number in the file.
 * @property {string} input Its name.
 * @property {string} output
 * @property {Golden[]} golden Empty: backends are not tested.
 *
 * @typedef {object} ModelOptions
 * @property {URL|string|BufferSource|Model} [model] Address or bytes of an `.onnx` file for pictures of
 *   any size, made by `scnet convert`; its golden samples lie beside it. By default the model that
 *   `scnet bundle` has put into this package.
 * @property {URL|string|object} [manifest] Its address, or its content. By default it lies beside the
 *   model, with `.json` after the name.
 * @property {(name: string) => URL|string} [locate] Return the address of a golden sample that the
 *   manifest names; by default beside the manifest.
 * @property {boolean} [selfTest] False trusts every backend untested, and needs no golden samples.
 */

import { BUNDLED } from './bundled.js';
import { UpscalerError } from './errors.js';
import { fetchBytes } from './model_files.js';

/** They differ in what is not read here. */
const VERSIONS = [1, 2];

/**
 * Return what there is to know of a file in order to run it.
 *
 * @param {any} manifest
 * @param {(name: string, sha256: string) => string} addressOf Of a file that the manifest names.
 * @returns {Model}
 * @throws {UpscalerError} `model-wrong`: it is no manifest of an ONNX file for pictures of any size.
 */
export function describeModel(manifest, addressOf) {
  checkManifest(manifest);
  const { file, sha256, model, operators, golden } = manifest;
  return {
    ...{ scale: model.scale, head: model.head, precision: model.precision, shift: model.shift },
    ...{ halo: model.halo, halo8bit: model.halo_8bit ?? model.halo },
    ...{ input: model.input.name, output: model.output.name },
    ...{ file, sha256, url: addressOf(file, sha256) },
    label: `SCNet-${model.variant.toUpperCase()} ×${model.scale}`,
    licence: model.weights.licence,
    operators: Object.values(operators).reduce((sum, count) => sum + Number(count), 0),
    golden: pickSamples(golden).map((sample) => describeSample(sample, addressOf)),
  };
}

/** @type {(manifest: any) => boolean} */
export const isOnnxManifest = (manifest) =>
  VERSIONS.includes(manifest?.schema_version) && manifest.model?.format === 'onnx';

/** @param {any} manifest */
function checkManifest(manifest) {
  if (!isOnnxManifest(manifest)) {
    throw new UpscalerError(
      'model-wrong',
      'This is not a manifest of version 1 or 2 of an ONNX file: make both with `scnet convert --format onnx`.',
    );
  }
  if (manifest.model.sizes !== null || manifest.model.input.dtype !== 'float32') {
    throw new UpscalerError(
      'model-wrong',
      'This file takes pictures of one size, or bytes: convert again without --size and --io.',
    );
  }
}

/**
 * Return the samples of the self-test: of the smallest size, one photograph and the worst case.
 *
 * @param {any[]} golden
 */
function pickSamples(golden) {
  if (golden.length === 0) return [];
  const area = (/** @type {any} */ { input_shape: [, , height, width] }) => height * width;
  const smallest = Math.min(...golden.map(area));
  const samples = golden.filter((sample) => area(sample) === smallest);
  return [...new Set([samples[0], samples.at(-1)])];
}

/**
 * @param {any} sample As `GoldenSample` in `mobile_runtime/model_file/manifest.py`, defaults included.
 * @param {(name: string, sha256: string) => string} addressOf
 * @returns {Golden}
 */
function describeSample(sample, addressOf) {
  const describe = (/** @type {'input'|'output'} */ end) => {
    const [name, sha256] = [sample[end], sample[`${end}_sha256`]];
    const [, , height, width] = sample[`${end}_shape`];
    return { url: addressOf(name, sha256), sha256, height, width };
  };
  const { name, input_dtype: dtype = 'float32', output_stride: stride = 1 } = sample;
  return {
    name,
    input: { ...describe('input'), dtype },
    output: { ...describe('output'), stride },
  };
}

/**
 * Find out what there is to know of a file.
 *
 * @param {ModelOptions} options
 * @returns {Promise<Model>}
 * @throws {UpscalerError} The manifest cannot be fetched, or is of another kind of file.
 * @throws {TypeError} There is no model, or bytes came without a manifest.
 */
export async function findModel({ model, manifest, locate, selfTest = true }) {
  if (model === undefined) return findBundled(selfTest);
  if (isModel(model)) return model;
  const isAddress = typeof model === 'string' || model instanceof URL;
  const url = isAddress ? absolute(model) : URL.createObjectURL(new Blob([model]));
  const wanted = manifest ?? (isAddress ? `${url}.json` : undefined);
  if (wanted === undefined) throw new TypeError('The bytes of a model need its `manifest`.');
  const { content, address = url } = await readManifest(wanted);
  if (address.startsWith('blob:') && selfTest && !locate) {
    throw new TypeError('The golden samples have no address: give `locate`, or `selfTest: false`.');
  }
  const place = locate ?? ((name) => new URL(name, address));
  const addressOf = (/** @type {string} */ name) => (name === content.file ? url : absolute(place(name)));
  return prove(content, addressOf, selfTest);
}

/** @type {(selfTest: boolean) => Promise<Model>} */
async function findBundled(selfTest) {
  if (!BUNDLED) throw new TypeError('There is no model in this package: name one as `model`.');
  const { model, manifest, samples } = BUNDLED;
  const { content } = await readManifest(manifest);
  return prove(content, (name) => `${name === content.file ? model : samples[name]}`, selfTest);
}

/** @type {(manifest: any, addressOf: (name: string) => string, selfTest: boolean) => Model} */
function prove(manifest, addressOf, selfTest) {
  return describeModel(selfTest ? manifest : { ...manifest, golden: [] }, addressOf);
}

/** @type {(address: URL|string) => string} */
const absolute = (address) => new URL(address, globalThis.document?.baseURI).href;

/** @type {(source: URL|string|BufferSource|Model) => source is Model} */
const isModel = (source) => typeof source === 'object' && 'golden' in source;

/** @type {(manifest: URL|string|object) => Promise<{content: any, address?: string}>} `address` if it has one. */
async function readManifest(manifest) {
  if (typeof manifest !== 'string' && !(manifest instanceof URL)) return { content: manifest };
  const address = absolute(manifest);
  const bytes = await fetchBytes(address, 'The manifest of the model');
  try {
    return { content: JSON.parse(new TextDecoder().decode(bytes)), address };
  } catch (error) {
    throw new UpscalerError('model-wrong', `${address} is no manifest: it is not JSON.`, { cause: error });
  }
}
