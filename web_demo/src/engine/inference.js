/**
 * The page's end of a worker that runs one model on one backend.
 *
 * @import { Area, Image, Pixels } from './pixels.js'
 * @import { Opened, Ran, Setup } from './worker.js'
 *
 * @typedef {{resolve: (answer: any) => void, reject: (reason: Error) => void}} Waiting
 */

/** Where the build puts it: beside the modules. */
const WORKER_URL = new URL('worker.js', import.meta.url);

/** Longer than any phone needs for a test picture; some hang for ever (onnxruntime#11679). */
export const PATIENCE_SECONDS = 120;

/** The words of engines, drivers and browsers for it. */
const OUT_OF_MEMORY = /memory|bad_alloc|allocat|device.{0,20}lost|Aborted|Array buffer|too large/i;

/** The worker failed, in the engine's own words; `outOfMemory` if a smaller tile may help. */
export class InferenceError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'InferenceError';
    this.outOfMemory = OUT_OF_MEMORY.test(message);
  }
}

/** One open model. */
export class Inference {
  #worker = new Worker(WORKER_URL, { type: 'module' });
  #waiting = /** @type {Map<number, Waiting>} */ (new Map());
  #count = 0;
  #closed = /** @type {Error|null} */ (null);
  /** Its name and version. */
  engine = '';
  loadMs = NaN;
  /** Addresses of all that the worker fetched. @type {string[]} */
  resources = [];

  /**
   * @param {Setup} setup
   * @param {AbortSignal} [signal] Closes it, whenever that is.
   * @returns {Promise<Inference>}
   * @throws {InferenceError} The backend refused the model, failed, or did not answer.
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
   * Begin to open a model; `opened` tells when it is, or why it is not.
   *
   * @param {Setup} setup
   */
  constructor(setup) {
    this.#worker.onmessage = ({ data }) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waiting?.reject(new InferenceError(data.error));
      else waiting?.resolve(data.answer);
    };
    this.#worker.onerror = (event) => {
      this.close(new InferenceError(event.message || 'The worker could not be loaded.'));
    };
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
   * @param {Area} kept What to give back of the result.
   * @returns {Promise<Pixels>}
   * @throws {InferenceError}
   */
  upscale(tile, kept) {
    return this.#ask({ tile, kept }, [tile.data.buffer]);
  }

  /** Whether nothing can be asked any more. */
  get closed() {
    return this.#closed !== null;
  }

  /**
   * Stop at once, even in the middle of a run.
   *
   * @param {Error} reason What those who wait are told.
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
      const opened = /** @type {Opened} */ (await this.#ask({ setup }));
      this.engine = opened.engine;
      this.loadMs = opened.milliseconds;
      this.resources = opened.resources;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * @param {object} request
   * @param {Transferable[]} moved
   * @returns {Promise<any>}
   */
  async #ask(request, moved = []) {
    if (this.#closed) throw this.#closed;
    const id = this.#count++;
    const timer = setTimeout(() => {
      this.close(new InferenceError(`It did not answer within ${PATIENCE_SECONDS} seconds.`));
    }, PATIENCE_SECONDS * 1000);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#worker.postMessage({ id, ...request }, moved);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
