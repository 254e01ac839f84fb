/**
 * Client of a worker that runs one model on one backend.
 *
 * @import { ErrorCode } from './errors.js'
 * @import { Area, Image, Pixels } from './pixels.js'
 * @import { Loaded, Opened, Ran, Setup } from './worker.js'
 *
 * @typedef {{resolve: (answer: any) => void, reject: (reason: Error) => void}} Waiting
 */

import { engineModule, fetchEngine } from './engine_file.js';

/** Longer than any phone needs for a tile; some hang forever (onnxruntime#11679). */
const TIMEOUT_SECONDS = 120;

/**
 * For opening a model, and for a test picture: in Firefox threads now and then never start. Not of one
 * thread, which is tried last and may be slow.
 */
export const START_TIMEOUT_SECONDS = 20;

/** In messages of engines, drivers and browsers. */
const OUT_OF_MEMORY = /memory|bad_alloc|allocat|Aborted|Array buffer|too large/i;

/**
 * Failure of the worker, with the engine's own message; `outOfMemory` if a smaller tile may help.
 *
 * With a `code` the engine could not be fetched, and the message is for the visitor.
 */
export class InferenceError extends Error {
  /** Did it not answer? */
  timedOut = false;

  /** @param {string} message @param {ErrorCode} [code] */
  constructor(message, code) {
    super(message);
    this.name = 'InferenceError';
    this.code = code;
    this.outOfMemory = OUT_OF_MEMORY.test(message);
  }
}

/** One open model. */
export class Inference {
  // Written so that bundlers find the file.
  #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  #waiting = /** @type {Map<number, Waiting>} */ (new Map());
  #count = 0;
  #closed = /** @type {Error|null} */ (null);
  #startSeconds = START_TIMEOUT_SECONDS;
  /** Its name and version. */
  engine = '';
  loadMs = NaN;
  /** Addresses of all that the worker fetched. @type {string[]} */
  resources = [];

  /**
   * @param {Setup} setup
   * @param {AbortSignal} [signal] Closes it, even later.
   * @returns {Promise<Inference>}
   * @throws {InferenceError} The engine cannot be fetched, or the backend refused the model, failed, or
   *   did not answer.
   * @throws The reason of `signal`.
   */
  static async open(setup, signal) {
    signal?.throwIfAborted();
    const inference = new Inference(setup);
    signal?.addEventListener('abort', () => inference.close(signal.reason));
    await inference.opened;
    return inference;
  }

  /**
   * Start opening a model; `opened` resolves when it is open.
   *
   * @param {Setup} setup
   */
  constructor(setup) {
    this.#worker.onmessage = ({ data }) => {
      if ('lost' in data) return this.close(new InferenceError('The graphics chip stopped.'));
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waiting?.reject(new InferenceError(data.error));
      else waiting?.resolve(data.answer);
    };
    this.#worker.onerror = (event) => {
      this.close(new InferenceError(event.message || 'The worker could not be loaded.'));
    };
    if (setup.backend === 'wasm') this.#startSeconds = TIMEOUT_SECONDS;
    this.opened = this.#open(setup);
  }

  /**
   * @param {Image} image
   * @returns {Promise<Ran>}
   * @throws {InferenceError}
   */
  run(image) {
    return this.#ask({ image });
  }

  /**
   * @param {Pixels} tile What goes into the network.
   * @param {Area} kept Part of the result to return.
   * @param {{gray: boolean}} picture Whether the whole picture has no color: the result has none then.
   * @returns {Promise<Pixels>}
   * @throws {InferenceError}
   */
  upscale(tile, kept, { gray }) {
    return this.#ask({ tile, kept, gray }, TIMEOUT_SECONDS, [tile.data.buffer]);
  }

  /** Whether it accepts no more requests. */
  get closed() {
    return this.#closed !== null;
  }

  /**
   * Stop at once, even in the middle of a run.
   *
   * @param {Error} reason Rejects all pending requests.
   */
  close(reason = new InferenceError('The worker was stopped.')) {
    this.#closed ??= reason;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  /** @param {Setup} setup */
  async #open(setup) {
    try {
      const { backend } = setup;
      const binary = await fetchEngine(backend).catch(({ message, code }) => {
        throw new InferenceError(message, code);
      });
      const loaded = /** @type {Loaded} */ (await this.#send({ engine: backend, module: engineModule(backend), binary }));
      this.engine = loaded.engine;
      const opened = /** @type {Opened} */ (await this.#ask({ setup }));
      this.loadMs = opened.milliseconds;
      this.resources = opened.resources;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Send a request; close the worker if it does not answer in time.
   *
   * @param {object} request
   * @param {number} [seconds]
   * @param {Transferable[]} [moved]
   * @returns {Promise<any>}
   */
  async #ask(request, seconds = this.#startSeconds, moved = []) {
    const giveUp = () => {
      const late = new InferenceError(`It did not answer within ${seconds} seconds.`);
      this.close(Object.assign(late, { timedOut: true }));
    };
    const timer = setTimeout(giveUp, seconds * 1000);
    try {
      return await this.#send(request, moved);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @type {(request: object, moved?: Transferable[]) => Promise<any>} */
  async #send(request, moved = []) {
    if (this.#closed) throw this.#closed;
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request }, moved);
    });
  }
}
