/**
 * What the page knows of the engine: choose a scale, test the device, upscale pictures.
 *
 * @import { CatalogueEntry } from './catalogue.js'
 * @import { BenchmarkReport } from './benchmark.js'
 * @import { Inference } from './inference.js'
 * @import { Setup } from './worker.js'
 *
 * @typedef {'webgpu'|'wasm-threads'|'wasm'} Backend
 *
 * @typedef {object} ModelEntry One converted file that can be chosen.
 * @property {number} scale Result pixels per picture pixel and side.
 * @property {string} head
 * @property {string} file
 * @property {string} precision
 * @property {number} bytes
 * @property {string} label For the visitor.
 * @property {number} halo How far a result pixel sees, in picture pixels.
 * @property {string} licence Of the weights, such as `Apache-2.0` or `CC-BY-NC-4.0`.
 *
 * @typedef {object} Pixels RGBA, 8 bit, not premultiplied.
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray<ArrayBuffer>} data
 *
 * @typedef {object} Trial What became of one backend in the self-test.
 * @property {Backend} backend
 * @property {boolean} passed
 * @property {number|null} psnrDb Lowest over the golden samples; null if it gave no picture.
 * @property {string} reason A plain sentence for the visitor.
 *
 * @typedef {object} Choice
 * @property {Backend} backend
 * @property {number} threads
 * @property {string} reason
 * @property {Trial[]} trials
 *
 * @typedef {object} Tile A finished piece of the result, in result pixels.
 * @property {number} x
 * @property {number} y
 * @property {Pixels} pixels
 *
 * @typedef {object} Progress
 * @property {number} done
 * @property {number} total
 * @property {number|null} secondsLeft
 *
 * @typedef {object} Prepared A model that is open.
 * @property {CatalogueEntry} entry
 * @property {Setup} setup
 * @property {Inference} inference
 * @property {number} side Of the largest tile that the memory suffices for, as far as is known.
 * @property {Backend|'auto'} asked
 * @property {Choice} choice
 *
 * @typedef {{resolve: (result: Pixels) => void, reject: (reason: Error) => void, pixels: Pixels}} Frame
 */

import { runBenchmark } from './benchmark.js';
import { fetchCatalogue } from './catalogue.js';
import { describeDevice } from './device.js';
import { UpscalerError } from './errors.js';
import { Inference as Opened, InferenceError } from './inference.js';
import { keepForOffline } from './offline.js';
import { cut } from './pixels.js';
import { choose } from './self_test.js';
import { checkSize, explain, runTiles, smallerSide, startSide } from './tile_run.js';

export { UpscalerError } from './errors.js';

/** Upscales pictures on this device; nothing leaves it. */
export class Upscaler {
  #onNotice;
  /** @type {CatalogueEntry[]} */
  #entries;
  /** @type {Prepared|null} */
  #prepared = null;
  /** Counts what is asked to be prepared: the newest wins. */
  #turn = 0;
  /** @type {Frame|null} */
  #nextFrame = null;
  #frameRuns = false;

  /**
   * @param {{onNotice: (text: string) => void}} options `onNotice` is told, in plain sentences,
   *   what the visitor should know while something goes on.
   * @returns {Promise<Upscaler>}
   * @throws {UpscalerError} The catalogue of models cannot be had.
   */
  static async open({ onNotice }) {
    return new Upscaler(await fetchCatalogue(), onNotice);
  }

  /**
   * @param {CatalogueEntry[]} entries
   * @param {(text: string) => void} onNotice
   */
  constructor(entries, onNotice) {
    this.#entries = entries;
    this.#onNotice = onNotice;
  }

  /** @returns {ModelEntry[]} One per scale. */
  get models() {
    return this.#entries;
  }

  /**
   * Load a model and find a backend that computes it right; what was prepared before is closed,
   * unless it is the same.
   *
   * @param {{scale: number, backend: Backend|'auto'}} options A backend that is named is the only
   *   one tried.
   * @returns {Promise<Choice>}
   * @throws {UpscalerError} The files cannot be had, no backend works, or another call came after.
   */
  async prepare({ scale, backend }) {
    if (this.#prepared?.entry.scale === scale && this.#prepared.asked === backend) {
      return this.#prepared.choice;
    }
    this.#release();
    const turn = this.#turn;
    const entry = this.#entries.find((candidate) => candidate.scale === scale);
    if (entry === undefined) {
      throw new UpscalerError('model-missing', `There is no model for x${scale} here.`);
    }
    const { choice, inference, setup } = await choose(entry, await describeDevice(), backend);
    if (turn !== this.#turn) {
      inference.close();
      throw cancelled();
    }
    const side = startSide(entry);
    this.#prepared = { entry, setup, inference, side, asked: backend, choice };
    void keepForOffline(inference.resources);
    return choice;
  }

  /**
   * Upscale a picture of any size with the model that is prepared.
   *
   * @param {Pixels} pixels
   * @param {object} options
   * @param {AbortSignal} [options.signal] Stops at once, even in the middle of a tile.
   * @param {(tile: Tile) => void} options.onTile Told of every tile as soon as it is finished;
   *   tiles come again, smaller, if the memory did not suffice.
   * @param {(progress: Progress) => void} [options.onProgress]
   * @returns {Promise<void>}
   * @throws {UpscalerError} Too large, too little memory, or the backend failed.
   * @throws {DOMException} `AbortError`, if `signal` was aborted.
   */
  async upscale(pixels, { signal, onTile, onProgress }) {
    checkSize(pixels);
    signal?.throwIfAborted();
    const work = this.#paint(pixels, { signal, onTile, onProgress });
    await untilAborted(work, signal, () => this.#prepared?.inference.close(signal?.reason));
  }

  /**
   * Upscale a small picture at once. Of pictures that come while one is being computed, only the
   * newest is taken.
   *
   * @param {Pixels} pixels
   * @returns {Promise<Pixels>}
   * @throws {UpscalerError} `cancelled` if a newer one came, or the backend failed.
   */
  upscaleFrame(pixels) {
    this.#nextFrame?.reject(cancelled());
    return new Promise((resolve, reject) => {
      this.#nextFrame = { pixels, resolve, reject };
      void this.#runFrames();
    });
  }

  /**
   * Measure backends with the model that is prepared, as `scnet benchmark` measures files.
   *
   * @param {{backends: Backend[], onProgress?: (progress: Progress) => void, signal?: AbortSignal}} options
   * @returns {Promise<BenchmarkReport>} What `scnet benchmark --json` writes.
   * @throws {UpscalerError} None of the backends works.
   * @throws {DOMException} `AbortError`, if `signal` was aborted.
   */
  async benchmark({ backends, onProgress, signal }) {
    const { entry, setup } = this.#expectPrepared();
    const device = await describeDevice();
    const listeners = { onNotice: this.#onNotice, onProgress, signal };
    return untilAborted(runBenchmark(entry, setup.model, device, backends, listeners), signal);
  }

  /** Stop everything and free the memory. */
  close() {
    this.#release();
  }

  /**
   * @param {Pixels} pixels
   * @param {{signal: AbortSignal|undefined, onTile: (tile: Tile) => void, onProgress: ((progress: Progress) => void)|undefined}} options
   */
  async #paint(pixels, options) {
    const prepared = this.#expectPrepared();
    const { entry } = prepared;
    const ready = () => this.#ready();
    for (;;) {
      try {
        return await runTiles(pixels, { entry, ready, side: prepared.side, ...options });
      } catch (error) {
        const smaller = smallerSide(prepared.side, entry.halo);
        if (!(error instanceof InferenceError && error.outOfMemory) || smaller === null) {
          throw explain(error);
        }
        this.#onNotice(
          `Not enough memory for tiles of ${prepared.side} pixels: trying ${smaller}.`,
        );
        prepared.side = smaller;
        prepared.inference.close(); // what ran out of memory is in no state to go on
      }
    }
  }

  async #runFrames() {
    if (this.#frameRuns) return;
    this.#frameRuns = true;
    for (let frame = this.#takeFrame(); frame !== null; frame = this.#takeFrame()) {
      const { pixels, resolve, reject } = frame;
      await this.#runFrame(pixels).then(resolve, (error) => reject(/** @type {Error} */ (explain(error))));
    }
    this.#frameRuns = false;
  }

  #takeFrame() {
    const frame = this.#nextFrame;
    this.#nextFrame = null;
    return frame;
  }

  /** @param {Pixels} pixels */
  async #runFrame(pixels) {
    const { scale } = this.#expectPrepared().entry;
    const { width, height } = pixels;
    const inference = await this.#ready();
    const whole = { x: 0, y: 0, width, height };
    const kept = { x: 0, y: 0, width: width * scale, height: height * scale };
    return inference.upscale(cut(pixels, whole), kept);
  }

  /** The open model; opened anew if a visitor's cancelling has stopped it. */
  async #ready() {
    const prepared = this.#expectPrepared();
    if (prepared.inference.closed) prepared.inference = await Opened.open(prepared.setup);
    return prepared.inference;
  }

  #expectPrepared() {
    if (this.#prepared === null) throw cancelled();
    return this.#prepared;
  }

  #release() {
    this.#turn++;
    this.#prepared?.inference.close(cancelled());
    this.#prepared = null;
  }
}

/**
 * Settle with some work, or at once when `signal` is aborted.
 *
 * @template Result
 * @param {Promise<Result>} work
 * @param {AbortSignal|undefined} signal
 * @param {() => void} [stop] Ends the work.
 * @returns {Promise<Result>}
 */
async function untilAborted(work, signal, stop = () => {}) {
  /** @type {(reason: Error) => void} */
  let reject;
  const aborted = /** @type {Promise<never>} */ (new Promise((_, fail) => (reject = fail)));
  const onAbort = () => {
    stop();
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal?.removeEventListener('abort', onAbort); // it must not stop what comes next
  }
}

function cancelled() {
  return new UpscalerError('cancelled', 'This was stopped, because something else was asked for.');
}
