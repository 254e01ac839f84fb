/**
 * Await work, or reject at once when it is aborted.
 *
 * @template Result
 * @param {Promise<Result>} work
 * @param {AbortSignal|undefined} signal
 * @param {() => void} [stop] Ends the work.
 * @returns {Promise<Result>}
 * @throws The reason of `signal`, if it was aborted; the result of the work is then dropped.
 */
export async function untilAborted(work, signal, stop = () => {}) {
  /** @type {(reason: Error) => void} */
  let reject;
  const aborted = /** @type {Promise<never>} */ (new Promise((_, fail) => (reject = fail)));
  const onAbort = () => {
    stop();
    reject(signal?.reason);
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal?.removeEventListener('abort', onAbort); // it must not stop later work
  }
}
