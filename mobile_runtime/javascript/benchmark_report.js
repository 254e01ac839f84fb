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

import { NOISE, PLAN } from './benchmark_rounds.js';
import { compare, summarize } from './statistics.js';

/** @type {(model: Model, device: Device, subjects: Subject[], times: Times) => BenchmarkReport} */
export function describeRuns(model, device, subjects, { warmup, rounds }) {
  const samples = subjects.map((_, i) => rounds.map((round) => /** @type {number} */ (round[i])));
  const first = /** @type {number[]} */ (samples[0]);
  return {
    device: `${device.userAgent}, ${device.cores} cores${device.gpuName && `, ${device.gpuName}`}`,
    date: new Date().toISOString().replace(/\.\d+Z$/, '+00:00'),
    plan: PLAN,
    warmup_runs: warmup.length,
    files: subjects.map((subject, i) => ({
      file: model.file,
      precision: model.precision,
      shift: model.shift,
      engine: subject.inference.engine,
      threads: subject.backend === 'webgpu' ? null : subject.threads,
      placement: `${model.operators} operators${subject.backend === 'webgpu' ? ', placed by webgpu' : ' on CPU'}`,
      height: NOISE.height,
      width: NOISE.width,
      cold: {
        load_ms: subject.inference.loadMs,
        first_run_ms: subject.firstRunMs,
        peak_memory_mb: null,
      },
      warm: summarize(/** @type {number[]} */ (samples[i])),
      ratio: compare(/** @type {number[]} */ (samples[i]), first),
      psnr_db: subject.psnrDb,
    })),
  };
}
