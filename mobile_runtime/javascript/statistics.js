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

const TRIMMED_SHARE = 0.1;

/**
 * @param {number[]} samples At least one, in ms.
 * @returns {Statistics}
 */
export function summarize(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length * TRIMMED_SHARE);
  return {
    median_ms: percentile(samples, 50),
    mean_ms: mean(samples),
    trimmed_mean_ms: mean(sorted.slice(cut, sorted.length - cut)),
    stdev_ms: samples.length > 1 ? deviation(samples) : null,
    min_ms: Math.min(...samples),
    p90_ms: percentile(samples, 90),
    p95_ms: percentile(samples, 95),
    samples_ms: samples,
  };
}

/**
 * @param {number[]} samples One per round.
 * @param {number[]} first Of the first one, in the same rounds.
 * @returns {Ratio}
 */
export function compare(samples, first) {
  const ratios = samples.map((sample, i) => sample / /** @type {number} */ (first[i]));
  return { median: percentile(ratios, 50), p10: percentile(ratios, 10), p90: percentile(ratios, 90) };
}

/**
 * Return the order of one round. Each pair of rounds begins one later, and every second round is
 * reversed, so that nothing always runs first, or always after the same other one.
 *
 * @param {number} count Of subjects.
 * @param {number} round
 * @returns {number[]}
 */
export function orderOf(count, round) {
  const begin = Math.floor(round / 2) % count;
  const order = Array.from({ length: count }, (_, i) => (begin + i) % count);
  return round % 2 ? order.reverse() : order;
}

/**
 * Return a percentile, interpolated linearly as in numpy.
 *
 * @param {number[]} values
 * @param {number} share In percent.
 */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = ((sorted.length - 1) * share) / 100;
  const low = /** @type {number} */ (sorted[Math.floor(position)]);
  const high = /** @type {number} */ (sorted[Math.ceil(position)]);
  return low + (high - low) * (position % 1);
}

/** @param {number[]} values */
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** @param {number[]} values */
function deviation(values) {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
