/**
 * Benchmark of the backends on this device: latency, and difference to PyTorch.
 *
 * @import { BenchmarkReport } from './benchmark_report.js'
 * @import { CatalogEntry } from './catalog.js'
 * @import { Backend, Device } from './device.js'
 * @import { GoldenImages } from './parity.js'
 * @import { Progress } from './tile_run.js'
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

import { describeRuns } from './benchmark_report.js';
import { NOISE, runWarm } from './benchmark_rounds.js';
import { fetchGolden } from './catalog.js';
import { BACKEND_NAMES } from './device.js';
import { UpscalerError } from './errors.js';
import { Inference, InferenceError } from './inference.js';
import { measureParity, setUp } from './self_test.js';

/**
 * @param {CatalogEntry} entry
 * @param {ArrayBuffer} model
 * @param {Device} device
 * @param {Backend[]} backends The first one is compared with.
 * @param {Listeners} listeners
 * @returns {Promise<BenchmarkReport>}
 * @throws {UpscalerError} None of the backends works.
 * @throws {InferenceError} One failed after it had worked.
 */
export async function runBenchmark(entry, model, device, backends, listeners) {
  const golden = await fetchGolden(entry);
  /** @type {Subject[]} */
  const subjects = [];
  try {
    for (const backend of backends) {
      const subject = await openSubject(entry, model, device, backend, golden, listeners);
      if (subject !== null) subjects.push(subject);
    }
    if (subjects.length === 0) {
      throw new UpscalerError('no-backend', 'None of these backends works here: choose others.');
    }
    return describeRuns(entry, device, subjects, await runWarm(subjects, listeners));
  } finally {
    for (const { inference } of subjects) inference.close();
  }
}

/**
 * @param {CatalogEntry} entry
 * @param {ArrayBuffer} model
 * @param {Device} device
 * @param {Backend} backend
 * @param {GoldenImages[]} golden
 * @param {Listeners} listeners `onNotice` is called if the backend does not work.
 * @returns {Promise<Subject|null>}
 */
async function openSubject(entry, model, device, backend, golden, { onNotice, signal }) {
  const setup = setUp(entry, device, backend, model);
  /** @type {Inference|undefined} */
  let inference;
  try {
    inference = await Inference.open(setup, signal);
    const first = await inference.run(NOISE);
    const psnrDb = await measureParity(inference, golden);
    if (psnrDb === null) throw new InferenceError('Its output was not a picture.');
    const { threads } = setup;
    return { backend, inference, threads, firstRunMs: first.milliseconds, psnrDb };
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    inference?.close();
    onNotice(`${BACKEND_NAMES[backend]} is left out of the benchmark. ${error.message}`);
    return null;
  }
}
