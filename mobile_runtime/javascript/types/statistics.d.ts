/**
 * Statistics of interleaved runs, as in `mobile_runtime/benchmark/timing.py`.
 *
 * @typedef {object} Statistics
 * @property {number} median_ms
 * @property {number} mean_ms
 * @property {number} trimmed_mean_ms Without the fastest and the slowest tenth.
 * @property {number|null} stdev_ms Of a sample (n - 1); null for a single run.
 * @property {number} min_ms
 * @property {number} p90_ms
 * @property {number} p95_ms
 * @property {number[]} samples_ms Every run, in chronological order.
 *
 * @typedef {object} Ratio Latency relative to the first, from one ratio per round.
 * @property {number} median
 * @property {number} p10
 * @property {number} p90
 */
export type Statistics = {
    median_ms: number;
    mean_ms: number;
    /**
     * Without the fastest and the slowest tenth.
     */
    trimmed_mean_ms: number;
    /**
     * Of a sample (n - 1); null for a single run.
     */
    stdev_ms: number | null;
    min_ms: number;
    p90_ms: number;
    p95_ms: number;
    /**
     * Every run, in chronological order.
     */
    samples_ms: number[];
};
export type Ratio = {
    median: number;
    p10: number;
    p90: number;
};
/**
 * @param {number[]} samples At least one, in ms.
 * @returns {Statistics}
 */
export declare function summarize(samples: number[]): Statistics;
/**
 * @param {number[]} samples One per round.
 * @param {number[]} first Of the first one, in the same rounds.
 * @returns {Ratio}
 */
export declare function compare(samples: number[], first: number[]): Ratio;
/**
 * Return the order of one round. Each pair of rounds begins one later, and every second round is
 * reversed, so that nothing always runs first, or always after the same other one.
 *
 * @param {number} count Of subjects.
 * @param {number} round
 * @returns {number[]}
 */
export declare function orderOf(count: number, round: number): number[];
