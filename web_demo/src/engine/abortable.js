/**
 * Settle with some work, or at once when it is given up.
 *
 * @template Result
 * @param {Promise<Result>} work
 * @param {AbortSignal|undefined} signal
 * @param {() => void} [stop] Ends the work.
 * @returns {Promise<Result>}
 * @throws The reason of `signal`, if it was aborted; what the work gives then is dropped.
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
    signal?.removeEventListener('abort', onAbort); // it must not stop what comes next
  }
}
