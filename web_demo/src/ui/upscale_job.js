/**
 * Upscaling of one picture, with its messages and what is shown meanwhile.
 *
 * @import { Backend } from '../engine/device.js'
 * @import { Choice } from '../engine/self_test.js'
 * @import { Upscaler } from '../engine/upscaler.js'
 * @import { Picture } from './picture.js'
 * @import { Stage } from './stage.js'
 *
 * @typedef {object} UpscaleJob
 * @property {Upscaler} upscaler
 * @property {Picture} picture
 * @property {number} scale
 * @property {Backend|'auto'} backend
 * @property {Stage} stage
 * @property {(comparison: Comparison) => void} onShown Before anything is computed.
 * @property {(choice: Choice) => void} onChoice
 */

import { Comparison } from './comparison.js';
import { say, sayProgress } from './messages.js';
import { formatDuration, formatSize } from './format.js';

/**
 * @param {UpscaleJob} job
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 * @throws {Error} With a message for the visitor; `AbortError` if it was stopped.
 */
export async function runUpscaleJob(job, signal) {
  const { upscaler, picture, scale, backend, stage } = job;
  const comparison = await Comparison.sketched(picture, scale);
  job.onShown(comparison);
  job.onChoice(await upscaler.prepare({ scale, backend, signal }));
  const started = performance.now();
  await computeTiles(upscaler, comparison, stage, signal);
  signal.throwIfAborted();
  comparison.isComplete = true;
  const seconds = (performance.now() - started) / 1000;
  say(`Done in ${formatDuration(seconds)}: ${formatSize(comparison.size)} pixels.`);
}

/** @type {(upscaler: Upscaler, comparison: Comparison, stage: Stage, signal: AbortSignal) => Promise<void>} */
async function computeTiles(upscaler, comparison, stage, signal) {
  let bicubic = Promise.resolve();
  await upscaler.upscale(comparison.picture.pixels, {
    signal,
    onTile: (tile) => {
      comparison.paintAfter(tile);
      stage.redraw();
      const { x, y, pixels } = tile;
      const area = { x, y, width: pixels.width, height: pixels.height };
      bicubic = bicubic.then(() => comparison.paintBefore(area, signal)).then(() => stage.redraw());
    },
    onProgress: (progress) => sayProgress('Enlarging', progress),
  });
  await bicubic;
}
