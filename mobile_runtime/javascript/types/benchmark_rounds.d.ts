/**
 * Interleaved runs of the backends on one small picture, as in `mobile_runtime/benchmark/timing.py`.
 *
 * @import { Listeners, Subject } from './benchmark.js'
 * @import { Image } from './pixels.js'
 *
 * @typedef {{warmup: number[][], rounds: number[][]}} Times In ms, per round and subject.
 */
import type { Listeners, Subject } from './benchmark.js';
import type { Image } from './pixels.js';
export type Times = {
    warmup: number[][];
    rounds: number[][];
};
/** Less time than on the command line: visitors wait for it. */
export declare const PLAN: Readonly<{
    runs: 50;
    warmup_runs: 5;
    seconds_limit: 20;
}>;
/** The input of all runs, the same at every visit. */
export declare const NOISE: Image;
/** @type {(subjects: Subject[], listeners: Listeners) => Promise<Times>} */
export declare function runWarm(subjects: Subject[], { onProgress, signal }: Listeners): Promise<Times>;
