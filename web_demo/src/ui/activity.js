/** Runner of one task at a time: starting one stops the previous one and waits for its end. */
export class Activity {
  /** Has the visitor started anything? */
  hasBegun = false;
  #controller = new AbortController();
  /** @type {Promise<void>} */
  #running = Promise.resolve();

  /** @param {(signal: AbortSignal) => Promise<void>} task Ends soon after its signal, and never rejects. */
  start(task) {
    this.stop();
    this.hasBegun = true;
    const { signal } = (this.#controller = new AbortController());
    this.#running = this.#running.then(() => (signal.aborted ? undefined : task(signal)));
  }

  stop() {
    this.#controller.abort();
  }
}

/** @type {(error: unknown) => boolean} Whether the task was stopped, and did not fail. */
export function isStopped(error) {
  return (
    error instanceof Error && (error.name === 'AbortError' || Object(error).code === 'cancelled')
  );
}
