/**
 * One model, open on one backend of this device.
 *
 * @import { Backend } from './device.js'
 * @import { Model } from './manifest.js'
 * @import { Pixels } from './pixels.js'
 * @import { Content, Picture } from './read_picture.js'
 * @import { Choice, Chosen } from './self_test.js'
 * @import { Place, Progress, Run, Tile } from './tile_run.js'
 *
 * @typedef {object} OpenOptions
 * @property {Backend|'auto'} [backend] `auto`, the default, takes the fastest that passes the self-test;
 *   one that is named is the only one tried.
 * @property {AbortSignal} [signal]
 * @property {(text: string) => void} [onNotice] Receives sentences for people while something goes on,
 *   such as that a GPU failed and the processor goes on.
 */

import { untilAborted } from './abortable.js';
import { BACKEND_NAMES, describeDevice } from './device.js';
import { UpscalerError, cancelled } from './errors.js';
import { Inference, InferenceError } from './inference.js';
import { LatestOnly } from './latest_only.js';
import { crop, isGray } from './pixels.js';
import { readPicture } from './read_picture.js';
import { choose } from './self_test.js';
import { checkSize, explain, runTiles, smallerSide, startSide } from './tile_run.js';

/** Backends that stopped working since the page was opened. @type {Set<Backend>} */
const failed = new Set();

/** Upscales pictures on this device, in a worker; nothing is uploaded. */
export class Upscaler {
  #model;
  #asked;
  #onNotice;
  #open;
  /** Of the largest tile that fits in memory, as far as is known. */
  #side;
  #isDisposed = false;
  #frames = new LatestOnly((/** @type {Pixels} */ pixels) => this.#runFrame(pixels));

  /** @type {(model: Model, options: OpenOptions) => Promise<Upscaler>} */
  static async open(model, { backend = 'auto', signal, onNotice = () => {} }) {
    const opening = new AbortController();
    const work = openBest(model, backend, opening.signal);
    const chosen = await untilAborted(work, signal, () => opening.abort(signal?.reason));
    return new Upscaler(model, backend, onNotice, chosen);
  }

  /**
   * @private
   * @param {Model} model
   * @param {Backend|'auto'} asked
   * @param {(text: string) => void} onNotice
   * @param {Chosen} chosen
   */
  constructor(model, asked, onNotice, chosen) {
    this.#model = model;
    this.#asked = asked;
    this.#onNotice = onNotice;
    this.#open = chosen;
    this.#side = startSide(model);
  }

  /** Result pixels per picture pixel and side. */
  get scale() {
    return this.#model.scale;
  }

  /** @returns {Backend} What computes now; it changes if a GPU fails. */
  get backend() {
    return this.#open.choice.backend;
  }

  /** @returns {Choice} The backend with its threads, why it was taken, and what the others did. */
  get choice() {
    return this.#open.choice;
  }

  /** @returns {string[]} Addresses of what the worker fetched, for a service worker that keeps files. */
  get resources() {
    return this.#open.inference.resources;
  }

  /**
   * Upscale a picture of any size. The result takes 4 * scale² bytes per pixel of the picture, 768 MB
   * for 12 megapixels at x4; `upscaleTiles` gives it piece by piece.
   *
   * @param {Picture} picture
   * @param {object} [options]
   * @param {AbortSignal} [options.signal] Stops at once, even in the middle of a tile.
   * @param {(progress: Progress) => void} [options.onProgress] Called after every tile.
   * @param {boolean} [options.exact] Give each value as the whole picture in one piece would; by
   *   default values may differ from that by one level.
   * @returns {Promise<ImageData>} In sRGB.
   * @throws {UpscalerError} See `ErrorCode`.
   * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
   */
  async upscale(picture, { signal, onProgress, exact = false } = {}) {
    const content = await untilAborted(readPicture(picture), signal);
    const { pixels } = content;
    const result = makeResult(pixels.width * this.scale, pixels.height * this.scale);
    await this.#upscaleWhole(content, {
      signal,
      onProgress,
      exact,
      onTile: (tile) => paste(tile, result),
      place: { side: 0, done: 0 },
    });
    return result;
  }

  /**
   * Upscale a picture of any size, and give away each finished tile, so that no result lies in memory.
   *
   * @param {Picture} picture
   * @param {object} options
   * @param {(tile: Tile) => void} options.onTile Called with every finished tile; tiles are repeated,
   *   smaller, if memory ran out.
   * @param {AbortSignal} [options.signal] Stops at once, even in the middle of a tile.
   * @param {(progress: Progress) => void} [options.onProgress]
   * @param {boolean} [options.exact] See `upscale`.
   * @param {Place} [options.place] Where an earlier call was stopped; is kept up to date.
   * @returns {Promise<void>}
   * @throws {UpscalerError} See `ErrorCode`.
   * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
   */
  async upscaleTiles(picture, { signal, exact = false, place = { side: 0, done: 0 }, ...told }) {
    const content = await untilAborted(readPicture(picture), signal);
    await this.#upscaleWhole(content, { signal, exact, place, onProgress: undefined, ...told });
  }

  /**
   * Upscale a small opaque picture in one piece. Of pictures that arrive while one is computed, only
   * the latest is used: for cameras and video.
   *
   * @param {Pixels} pixels
   * @returns {Promise<Pixels>}
   * @throws {UpscalerError} `cancelled` if a later one came; see `ErrorCode`.
   */
  upscaleFrame(pixels) {
    return this.#frames.run(pixels);
  }

  /** Stop everything and free the memory; what was under way fails with `cancelled`. */
  dispose() {
    this.#isDisposed = true;
    this.#open.inference.close(cancelled());
  }

  /** @type {(content: Content, options: Omit<Run, 'model'|'ready'|'side'>) => Promise<void>} */
  async #upscaleWhole(content, options) {
    const { signal } = options;
    checkSize(content.pixels);
    signal?.throwIfAborted();
    const work = this.#paint(content, options);
    await untilAborted(work, signal, () => this.#open.inference.close(signal?.reason));
  }

  /**
   * @param {Content} content
   * @param {Omit<Run, 'model'|'ready'|'side'>} options
   */
  async #paint(content, options) {
    const model = this.#model;
    for (;;) {
      try {
        return await runTiles(content, { model, ready: () => this.#ready(), side: this.#side, ...options });
      } catch (error) {
        if (error instanceof InferenceError) this.#open.inference.close(); // it is in no state to go on
        const smaller = smallerSide(this.#side, model.halo);
        if (error instanceof InferenceError && error.outOfMemory && smaller !== null) {
          this.#onNotice('There is too little memory: trying smaller pieces.');
          this.#side = smaller;
        } else if (!(await this.#replace(error, options.signal))) throw explain(error);
      }
    }
  }

  /**
   * Open the model on the next backend, because one failed in the middle of a picture.
   *
   * @param {unknown} error
   * @param {AbortSignal} [signal]
   * @returns {Promise<boolean>} False if there is none, or the caller wants this one.
   */
  async #replace(error, signal = new AbortController().signal) {
    if (!(error instanceof InferenceError) || error.code || this.#asked !== 'auto') return false;
    const { backend } = this;
    failed.add(backend);
    try {
      this.#open = await openBest(this.#model, 'auto', signal);
    } catch {
      signal.throwIfAborted();
      return false;
    }
    if (this.#isDisposed) this.dispose(); // the new one too
    this.#onNotice(`${BACKEND_NAMES[backend]}: it failed. Going on: ${BACKEND_NAMES[this.backend]}.`);
    return true;
  }

  /** @param {Pixels} pixels */
  async #runFrame(pixels) {
    const { scale } = this;
    const { width, height } = pixels;
    const whole = { x: 0, y: 0, width, height };
    const kept = { x: 0, y: 0, width: width * scale, height: height * scale };
    try {
      const inference = await this.#ready();
      return await inference.upscale(crop(pixels, whole), kept, { gray: isGray(pixels) });
    } catch (error) {
      if (error instanceof InferenceError) this.#open.inference.close();
      throw explain(error);
    }
  }

  /** Return the open model; open it again if it was stopped. */
  async #ready() {
    if (this.#isDisposed) throw cancelled();
    // Stored before it is open, so that stopping now stops it too.
    if (this.#open.inference.closed) this.#open.inference = new Inference(this.#open.setup);
    const { inference } = this.#open;
    await inference.opened;
    return inference;
  }
}

/** @type {(model: Model, backend: Backend|'auto', signal: AbortSignal) => Promise<Chosen>} */
async function openBest(model, backend, signal) {
  const chosen = await choose(model, await describeDevice(), backend, signal, failed);
  signal.throwIfAborted();
  return chosen;
}

/** @type {(width: number, height: number) => ImageData} */
function makeResult(width, height) {
  try {
    return new ImageData(width, height);
  } catch (cause) {
    const text = `This browser cannot hold a result of ${width} x ${height} pixels: use upscaleTiles, or a smaller picture.`;
    throw new UpscalerError('too-large', text, { cause });
  }
}

/** @type {(tile: Tile, result: ImageData) => void} */
function paste({ x, y, pixels }, result) {
  for (let row = 0; row < pixels.height; row++) {
    const line = pixels.data.subarray(4 * row * pixels.width, 4 * (row + 1) * pixels.width);
    result.data.set(line, 4 * ((y + row) * result.width + x));
  }
}
