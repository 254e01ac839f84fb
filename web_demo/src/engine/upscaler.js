/**
 * The engine as the page uses it: choose a scale, test the device, upscale pictures.
 *
 * @import { BenchmarkReport } from './benchmark_report.js'
 * @import { CatalogEntry, ModelEntry, Weights } from './catalog.js'
 * @import { Backend } from './device.js'
 * @import { Pixels } from './pixels.js'
 * @import { Choice, Chosen } from './self_test.js'
 * @import { Place, Progress, Tile } from './tile_run.js'
 *
 * @typedef {object} Facts
 * @property {CatalogEntry} entry
 * @property {number} side Of the largest tile that fits in memory, as far as is known.
 * @property {Backend|'auto'} asked
 *
 * @typedef {Facts & Chosen} Prepared A model that is open.
 */

import { untilAborted } from './abortable.js';
import { runBenchmark } from './benchmark.js';
import { CATALOG_URL, fetchCatalog } from './catalog.js';
import { BACKEND_NAMES, describeDevice, planTrials } from './device.js';
import { fetchEngine } from './engine_file.js';
import { UpscalerError, cancelled } from './errors.js';
import { Inference, InferenceError } from './inference.js';
import { LatestOnly } from './latest_only.js';
import { keepForOffline } from './offline.js';
import { crop, isGray } from './pixels.js';
import { choose } from './self_test.js';
import { checkSize, explain, runTiles, smallerSide, startSide } from './tile_run.js';

export { UpscalerError } from './errors.js';

/** Upscales pictures on this device; nothing is uploaded. */
export class Upscaler {
  #onNotice;
  /** @type {CatalogEntry[]} */
  #entries;
  /** @type {Prepared|null} */
  #prepared = null;
  /** Backends that stopped working in this visit. @type {Set<Backend>} */
  #failed = new Set();
  /** Ends what is being prepared. */
  #preparing = new AbortController();
  #frames = new LatestOnly((/** @type {Pixels} */ pixels) => this.#runFrame(pixels));

  /**
   * @param {{onNotice: (text: string) => void}} options `onNotice` receives sentences for the
   *   visitor while something goes on.
   * @returns {Promise<Upscaler>}
   * @throws {UpscalerError} The catalog of models cannot be fetched.
   */
  static async open({ onNotice }) {
    return new Upscaler(await fetchCatalog(), onNotice);
  }

  /**
   * @param {CatalogEntry[]} entries
   * @param {(text: string) => void} onNotice
   */
  constructor(entries, onNotice) {
    this.#entries = entries;
    this.#onNotice = onNotice;
  }

  /** @returns {ModelEntry[]} One per scale and kind of weights. */
  get models() {
    return this.#entries;
  }

  /** @returns {Choice|null} What computes now; it changes if a GPU fails. */
  get choice() {
    return this.#prepared?.choice ?? null;
  }

  /** Fetch the engine that is tried first, so that the first picture starts sooner. */
  async preload() {
    const [first = 'wasm'] = planTrials(await describeDevice()).candidates;
    await fetchEngine(first).catch(() => {}); // it is asked for again
  }

  /**
   * Load a model and find a backend that computes it correctly. What was prepared before is closed,
   * unless it is the same.
   *
   * @param {{scale: number, weights?: Weights, backend: Backend|'auto', signal?: AbortSignal}} options
   *   A backend that is named is the only one tried. Without `weights`, the first there are.
   * @returns {Promise<Choice>}
   * @throws {UpscalerError} The files cannot be fetched, no backend works, or another call followed.
   * @throws {DOMException} `AbortError`, if `signal` was aborted.
   */
  async prepare({ scale, weights, backend, signal }) {
    const entry = this.#entries.find(
      (one) => one.scale === scale && (weights === undefined || one.weights === weights),
    );
    if (entry && this.#prepared?.entry === entry && this.#prepared.asked === backend) {
      return this.#prepared.choice;
    }
    this.close();
    if (entry === undefined) {
      throw new UpscalerError('model-missing', `There is no model for x${scale} here.`);
    }
    const preparing = (this.#preparing = new AbortController());
    const work = this.#open(entry, backend, preparing.signal);
    return untilAborted(work, signal, () => preparing.abort(signal?.reason));
  }

  /**
   * Upscale a picture of any size with the model that is prepared.
   *
   * @param {Pixels} pixels
   * @param {object} options
   * @param {AbortSignal} [options.signal] Stops at once, even in the middle of a tile.
   * @param {(tile: Tile) => void} options.onTile Called with every finished tile; tiles
   *   are repeated, smaller, if memory ran out.
   * @param {(progress: Progress) => void} [options.onProgress]
   * @param {Place} [options.place] Where an earlier call was stopped.
   * @returns {Promise<void>}
   * @throws {UpscalerError} Too large, too little memory, or the backend failed.
   * @throws {DOMException} `AbortError`, if `signal` was aborted.
   */
  async upscale(pixels, { signal, onTile, onProgress, place = { side: 0, done: 0 } }) {
    checkSize(pixels);
    signal?.throwIfAborted();
    const work = this.#paint(pixels, { signal, onTile, onProgress, place });
    await untilAborted(work, signal, () => this.#prepared?.inference.close(signal?.reason));
  }

  /**
   * Upscale a small picture in one piece. Of pictures that arrive while one is computed, only the
   * latest is used.
   *
   * @param {Pixels} pixels
   * @returns {Promise<Pixels>}
   * @throws {UpscalerError} `cancelled` if a later one came, or the backend failed.
   */
  upscaleFrame(pixels) {
    return this.#frames.run(pixels);
  }

  /**
   * Measure backends with the model that is prepared, as `scnet benchmark` measures files.
   *
   * @param {{backends: Backend[], onProgress?: (progress: Progress) => void, signal?: AbortSignal}} options
   * @returns {Promise<BenchmarkReport>} In the format of `scnet benchmark --json`.
   * @throws {UpscalerError} None of the backends works, or one failed later.
   * @throws {DOMException} `AbortError`, if `signal` was aborted.
   */
  async benchmark({ backends, onProgress, signal }) {
    const { entry, setup } = this.#expectPrepared();
    const device = await describeDevice();
    const listeners = { onNotice: this.#onNotice, onProgress, signal };
    const work = runBenchmark(entry, setup.model, device, backends, listeners);
    return untilAborted(work, signal).catch((error) => {
      throw explain(error);
    });
  }

  /** Stop everything and free the memory. */
  close() {
    this.#preparing.abort(cancelled());
    this.#prepared?.inference.close(cancelled());
    this.#prepared = null;
  }

  /**
   * @param {CatalogEntry} entry
   * @param {Backend|'auto'} asked
   * @param {AbortSignal} signal
   * @returns {Promise<Choice>}
   */
  async #open(entry, asked, signal) {
    const chosen = await choose(entry, await describeDevice(), asked, signal, this.#failed);
    signal.throwIfAborted();
    this.#prepared = { entry, side: startSide(entry), asked, ...chosen };
    void keepForOffline([...chosen.inference.resources, ...this.#addresses()]);
    return chosen.choice;
  }

  /** All models, also those that were not used yet: each is small. */
  #addresses() {
    const files = this.#entries.flatMap(({ url, golden }) => [
      url,
      ...golden.flatMap(({ input, output }) => [input.url, output.url]),
    ]);
    return files.map((url) => new URL(url, CATALOG_URL).href);
  }

  /**
   * @param {Pixels} pixels
   * @param {{signal: AbortSignal|undefined, place: Place, onTile: (tile: Tile) => void, onProgress: ((progress: Progress) => void)|undefined}} options
   */
  async #paint(pixels, options) {
    for (;;) {
      const prepared = this.#expectPrepared();
      const { entry } = prepared;
      const ready = () => this.#ready(prepared);
      try {
        return await runTiles(pixels, { entry, ready, side: prepared.side, ...options });
      } catch (error) {
        if (error instanceof InferenceError) prepared.inference.close(); // it is in no state to go on
        const smaller = smallerSide(prepared.side, entry.halo);
        if (error instanceof InferenceError && error.outOfMemory && smaller !== null) {
          this.#onNotice('There is too little memory: trying smaller pieces.');
          prepared.side = smaller;
        } else if (!(await this.#replace(prepared, error, options.signal))) throw explain(error);
      }
    }
  }

  /**
   * Open the model on the next backend, because one failed in the middle of a picture.
   *
   * @param {Prepared} prepared
   * @param {unknown} error
   * @param {AbortSignal} [signal]
   * @returns {Promise<boolean>} False if there is none, or the visitor wants this one.
   */
  async #replace({ entry, asked, setup, side }, error, signal = new AbortController().signal) {
    if (!(error instanceof InferenceError) || error.code || asked !== 'auto') return false;
    this.#failed.add(setup.backend);
    try {
      await this.#open(entry, asked, signal);
    } catch {
      signal.throwIfAborted();
      return false;
    }
    const { backend } = this.#expectPrepared().setup;
    this.#expectPrepared().side = side;
    this.#onNotice(`${BACKEND_NAMES[setup.backend]}: it failed. Going on: ${BACKEND_NAMES[backend]}.`);
    return true;
  }

  /** @param {Pixels} pixels */
  async #runFrame(pixels) {
    const prepared = this.#expectPrepared();
    const { scale } = prepared.entry;
    const { width, height } = pixels;
    const whole = { x: 0, y: 0, width, height };
    const kept = { x: 0, y: 0, width: width * scale, height: height * scale };
    try {
      const inference = await this.#ready(prepared);
      return await inference.upscale(crop(pixels, whole), kept, { gray: isGray(pixels) });
    } catch (error) {
      if (error instanceof InferenceError) prepared.inference.close();
      throw explain(error);
    }
  }

  /**
   * Return the open model; open it again if it was stopped.
   *
   * @param {Prepared} prepared
   */
  async #ready(prepared) {
    if (prepared !== this.#prepared) throw cancelled();
    // Stored before it is open, so that stopping now stops it too.
    if (prepared.inference.closed) prepared.inference = new Inference(prepared.setup);
    await prepared.inference.opened;
    return prepared.inference;
  }

  #expectPrepared() {
    if (this.#prepared === null) throw cancelled();
    return this.#prepared;
  }
}
