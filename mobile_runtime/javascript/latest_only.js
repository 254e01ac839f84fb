/** Queue of length one: while one input is worked on, only the latest waiting one is kept. */

import { cancelled } from './errors.js';

/**
 * @template Input, Result
 */
export class LatestOnly {
  #work;
  /** @type {{input: Input, resolve: (result: Result) => void, reject: (reason: unknown) => void}|null} */
  #next = null;
  #busy = false;

  /** @param {(input: Input) => Promise<Result>} work */
  constructor(work) {
    this.#work = work;
  }

  /**
   * @param {Input} input
   * @returns {Promise<Result>}
   * @throws {import('./errors.js').UpscalerError} `cancelled`, if a later input came before its turn.
   */
  run(input) {
    this.#next?.reject(cancelled());
    return new Promise((resolve, reject) => {
      this.#next = { input, resolve, reject };
      void this.#loop();
    });
  }

  async #loop() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#next) {
      const { input, resolve, reject } = this.#next;
      this.#next = null;
      await this.#work(input).then(resolve, reject);
    }
    this.#busy = false;
  }
}
