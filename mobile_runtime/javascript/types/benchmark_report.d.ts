/**
 * Report of a benchmark in the format of `scnet benchmark --json`, which can read it;
 * `mobile_runtime/benchmark/results.py` documents the fields.
 *
 * @import { Subject } from './benchmark.js'
 * @import { Times } from './benchmark_rounds.js'
 * @import { Device } from './device.js'
 * @import { Model } from './manifest.js'
 * @import { Ratio, Statistics } from './statistics.js'
 *
 * @typedef {object} Measurement
 * @property {string} file
 * @property {string} precision
 * @property {string} shift
 * @property {string} engine
 * @property {number|null} threads
 * @property {string} placement
 * @property {number} height
 * @property {number} width
 * @property {{load_ms: number, first_run_ms: number, peak_memory_mb: null}} cold
 * @property {Statistics} warm
 * @property {Ratio} ratio
 * @property {number} psnr_db
 *
 * @typedef {object} BenchmarkReport
 * @property {string} device
 * @property {string} date
 * @property {{runs: number, warmup_runs: number, seconds_limit: number}} plan
 * @property {number} warmup_runs
 * @property {Measurement[]} files
 */
import type { Subject } from './benchmark.js';
import type { Times } from './benchmark_rounds.js';
import type { Device } from './device.js';
import type { Model } from './manifest.js';
import type { Ratio, Statistics } from './statistics.js';
export type Measurement = {
    file: string;
    precision: string;
    shift: string;
    engine: string;
    threads: number | null;
    placement: string;
    height: number;
    width: number;
    cold: {
        load_ms: number;
        first_run_ms: number;
        peak_memory_mb: null;
    };
    warm: Statistics;
    ratio: Ratio;
    psnr_db: number;
};
export type BenchmarkReport = {
    device: string;
    date: string;
    plan: {
        runs: number;
        warmup_runs: number;
        seconds_limit: number;
    };
    warmup_runs: number;
    files: Measurement[];
};
/** @type {(model: Model, device: Device, subjects: Subject[], times: Times) => BenchmarkReport} */
export declare function describeRuns(model: Model, device: Device, subjects: Subject[], { warmup, rounds }: Times): BenchmarkReport;
