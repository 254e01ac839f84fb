/**
 * Interleaved runs of the backends on one small picture, as in `mobile_runtime/benchmark/timing.py`.
 *
 * @import { Listeners, Subject } from './benchmark.js'
 * @import { Image } from './pixels.js'
 *
 * @typedef {{warmup: number[][], rounds: number[][]}} Times In ms, per round and subject.
 */

import { orderOf } from './statistics.js';

/** Less time than on the command line: visitors wait for it. */
export const PLAN = Object.freeze({ runs: 50, warmup_runs: 5, seconds_limit: 20 });

/** The input of all runs, the same at every visit. */
export const NOISE = makeNoise(128);

/** @type {(subjects: Subject[], listeners: Listeners) => Promise<Times>} */
export async function runWarm(subjects, { onProgress, signal }) {
  const total = PLAN.warmup_runs + PLAN.runs;
  const started = performance.now();
  /** @type {(count: number, limitMs: number, before: number) => Promise<number[][]>} */
  const runRounds = async (count, limitMs, before) => {
    /** @type {number[][]} */
    const rounds = [];
    while (rounds.length < count && (rounds.length === 0 || longest(rounds) < limitMs)) {
      signal?.throwIfAborted();
      rounds.push(await runRound(subjects, rounds.length));
      const done = before + rounds.length;
      const secondsLeft = (((performance.now() - started) / done) * (total - done)) / 1000;
      onProgress?.({ done, total, secondsLeft });
    }
    return rounds;
  };
  const limitMs = PLAN.seconds_limit * 1000;
  const warmup = await runRounds(PLAN.warmup_runs, limitMs / 2, 0);
  const rounds = await runRounds(PLAN.runs, limitMs - longest(warmup), warmup.length);
  return { warmup, rounds };
}

/** @type {(subjects: Subject[], number: number) => Promise<number[]>} In ms, in the order of the subjects. */
async function runRound(subjects, number) {
  /** @type {number[]} */
  const times = [];
  for (const index of orderOf(subjects.length, number)) {
    const { inference } = /** @type {Subject} */ (subjects[index]);
    times[index] = (await inference.run(NOISE)).milliseconds;
  }
  return times;
}

/** @type {(rounds: number[][]) => number} Total time of the slowest subject, in ms. */
function longest(rounds) {
  const sums = (rounds[0] ?? []).map((_, i) => rounds.reduce((sum, round) => sum + (round[i] ?? 0), 0));
  return Math.max(0, ...sums);
}

/**
 * @param {number} side In pixels.
 * @returns {Image}
 */
function makeNoise(side) {
  let state = 1;
  const values = Float32Array.from({ length: 3 * side * side }, () => {
    state = (state * 48271) % 0x7fffffff; // the "minimal standard" generator of C++
    return state / 0x7fffffff;
  });
  return { width: side, height: side, values };
}
