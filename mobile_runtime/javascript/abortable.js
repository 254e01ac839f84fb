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
export function untilAborted(work, signal, stop = () => {}) {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    const letGo = () => signal?.removeEventListener('abort', onAbort); // it must not stop later work
    work.finally(letGo).then(resolve, reject);
  });
}
