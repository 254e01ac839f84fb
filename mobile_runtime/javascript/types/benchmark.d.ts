/**
 * Benchmark of the backends on this device, the second door: latency, and difference to PyTorch.
 *
 * @import { Backend, Device } from './device.js'
 * @import { Model, ModelOptions } from './manifest.js'
 * @import { GoldenImages } from './parity.js'
 * @import { Progress } from './tile_run.js'
 * @import { Setup } from './worker.js'
 *
 * @typedef {import('./benchmark_report.js').BenchmarkReport} BenchmarkReport
 *
 * @typedef {object} Subject An open backend.
 * @property {Backend} backend
 * @property {Inference} inference
 * @property {number} threads
 * @property {number} firstRunMs
 * @property {number} psnrDb
 *
 * @typedef {object} Listeners
 * @property {(text: string) => void} onNotice
 * @property {((progress: Progress) => void)|undefined} onProgress
 * @property {AbortSignal|undefined} signal
 */
import type { Backend } from './device.js';
import type { ModelOptions } from './manifest.js';
import type { Progress } from './tile_run.js';
export type BenchmarkReport = import('./benchmark_report.js').BenchmarkReport;
export type Subject = {
    backend: Backend;
    inference: Inference;
    threads: number;
    firstRunMs: number;
    psnrDb: number;
};
export type Listeners = {
    onNotice: (text: string) => void;
    onProgress: ((progress: Progress) => void) | undefined;
    signal: AbortSignal | undefined;
};
import { Inference } from './inference.js';
/**
 * Measure backends with a model, as `scnet benchmark` measures files.
 *
 * @param {ModelOptions & Partial<Listeners> & {backends?: Backend[]}} [options] The first of `backends`
 *   is compared with; by default all that can be used on this device, the slowest first.
 * @returns {Promise<BenchmarkReport>} In the format of `scnet benchmark --json`.
 * @throws {UpscalerError} None of the backends works, or one failed later.
 * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
 */
export declare function runBenchmark(options?: ModelOptions & Partial<Listeners> & {
    backends?: Backend[];
}): Promise<BenchmarkReport>;
