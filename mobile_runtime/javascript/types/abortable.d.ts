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
export declare function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined, stop?: () => void): Promise<Result>;
