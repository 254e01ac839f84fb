/**
 * The models of the page, of which one at a time is open. The build lists them in `models.json`; see
 * `models.mjs`.
 *
 * @import { Backend, Choice, Model, Progress, Upscaler } from '../../../mobile_runtime/javascript/index.js'
 * @import { BenchmarkReport } from '../../../mobile_runtime/javascript/benchmark.js'
 *
 * @typedef {'photo'|'clean'} Weights For pictures as people have them, or for those without a trace of
 *   compression.
 *
 * @typedef {Model & {weights: Weights}} CatalogEntry Its addresses are relative to the list.
 */

import { UpscalerError, createUpscaler, setEngineFolder, untilAborted } from '../../../mobile_runtime/javascript/index.js';
import { keepForOffline } from './offline.js';

/** Where the build puts it: beside the modules. */
const CATALOG_URL = new URL('models.json', import.meta.url);

/** Written by build.mjs. @type {string} */
const ENGINE_FOLDER = /** @type {any} */ (globalThis).ENGINE_FOLDER;

/** Upscales pictures with the model that was prepared last. */
export class Models {
  /** One per scale and kind of weights. */
  models;
  #onNotice;
  /** @type {{entry: CatalogEntry, backend: Backend|'auto', upscaler: Upscaler}|null} */
  #open = null;
  /** Ends what is being prepared. */
  #preparing = new AbortController();

  /**
   * @param {{onNotice: (text: string) => void}} options `onNotice` receives sentences for the
   *   visitor while something goes on.
   * @returns {Promise<Models>}
   * @throws {UpscalerError} The list of models cannot be fetched.
   */
  static async open({ onNotice }) {
    setEngineFolder(new URL(`../../${ENGINE_FOLDER}/`, import.meta.url));
    return new Models(await fetchCatalog(), onNotice);
  }

  /**
   * @param {CatalogEntry[]} entries
   * @param {(text: string) => void} onNotice
   */
  constructor(entries, onNotice) {
    this.models = entries;
    this.#onNotice = onNotice;
  }

  /** @returns {Choice|null} What computes now; it changes if a GPU fails. */
  get choice() {
    return this.#open?.upscaler.choice ?? null;
  }

  /**
   * Open a model; what was open before is closed, unless it is the same.
   *
   * @param {{scale: number, weights?: Weights, backend: Backend|'auto', signal?: AbortSignal}} options
   *   A backend that is named is the only one tried. Without `weights`, the first there are.
   * @returns {Promise<Choice>}
   * @throws {UpscalerError} The files cannot be fetched, or no backend works.
   * @throws {DOMException} `AbortError`, if `signal` was aborted or another call followed.
   */
  async prepare({ scale, weights, backend, signal }) {
    const entry = this.models.find(
      (one) => one.scale === scale && (weights === undefined || one.weights === weights),
    );
    const known = this.#open;
    if (known && known.entry === entry && known.backend === backend) return known.upscaler.choice;
    this.close();
    if (entry === undefined) {
      throw new UpscalerError('model-missing', `There is no model for x${scale} here.`);
    }
    const preparing = (this.#preparing = new AbortController());
    const work = createUpscaler({ model: entry, backend, signal: preparing.signal, onNotice: this.#onNotice });
    const upscaler = await untilAborted(work, signal, () => preparing.abort(signal?.reason));
    if (preparing.signal.aborted) upscaler.dispose();
    preparing.signal.throwIfAborted();
    this.#open = { entry, backend, upscaler };
    void keepForOffline([...upscaler.resources, ...this.models.flatMap(addresses)]);
    return upscaler.choice;
  }

  /**
   * @returns {Upscaler} What was prepared last.
   * @throws {UpscalerError} `cancelled`: it was closed, since something else was asked for.
   */
  get current() {
    if (!this.#open) throw stopped();
    return this.#open.upscaler;
  }

  /**
   * Measure backends with the model that is prepared.
   *
   * @param {{backends?: Backend[], onProgress?: (progress: Progress) => void, signal?: AbortSignal}} options
   * @returns {Promise<BenchmarkReport>}
   */
  async benchmark(options) {
    if (!this.#open) throw stopped();
    const { entry } = this.#open;
    const { runBenchmark } = await import('../../../mobile_runtime/javascript/benchmark.js');
    return runBenchmark({ ...options, model: entry, onNotice: this.#onNotice });
  }

  /** Stop everything and free the memory. */
  close() {
    this.#preparing.abort();
    this.#open?.upscaler.dispose();
    this.#open = null;
  }
}

/** @type {() => UpscalerError} Something else was asked for in between. */
const stopped = () => new UpscalerError('cancelled', 'No model is prepared.');

/** @type {(entry: CatalogEntry) => string[]} All of its files; each is small. */
const addresses = ({ url, golden }) => [url, ...golden.flatMap(({ input, output }) => [input.url, output.url])];

/** @returns {Promise<CatalogEntry[]>} At least one. */
async function fetchCatalog() {
  const response = await fetch(CATALOG_URL).catch((cause) => {
    const text = 'The list of models cannot be loaded. Are you online? Try again when you are.';
    throw new UpscalerError('network', text, { cause });
  });
  const { models } = await response.text().then((text) => JSON.parse(text, withAddress)).catch(() => ({}));
  if (!Array.isArray(models) || models.length === 0) {
    const advice = 'Reload the page; if that does not help, tell whoever runs it.';
    throw new UpscalerError('model-wrong', `The list of models is damaged. ${advice}`);
  }
  return models;
}

/** @type {(key: string, value: any) => any} In JSON: addresses that hold anywhere. */
const withAddress = (key, value) => (key === 'url' ? new URL(value, CATALOG_URL).href : value);
