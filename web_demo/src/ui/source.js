/**
 * What the visitor gave last: one picture, several, or a video. It runs when it is given, and again
 * when a choice changes.
 *
 * @import { Backend } from '../../../mobile_runtime/javascript/index.js'
 * @import { Models, Weights } from './models.js'
 *
 * @typedef {object} Tools What a source works with.
 * @property {Models} upscaler
 * @property {() => Settings} settings Chosen now.
 *
 * @typedef {object} Settings
 * @property {number} scale Counts if there is no width.
 * @property {number|null} width Of the result, in pixels.
 * @property {Weights} weights
 * @property {Backend|'auto'} backend
 *
 * @typedef {object} Source
 * @property {string} text Describes its work.
 * @property {string} verb Of the button that stops it.
 * @property {boolean} [canGoOn] After it was stopped.
 * @property {boolean} [isOnce] Not to be done again when a choice changes.
 * @property {(tools: Tools, signal: AbortSignal) => Promise<void>} run
 *
 * @typedef {{name: string, load: () => Promise<Blob>}} PictureFile `load` is called in turn: a sample
 *   that arrives late must not replace what was chosen since.
 */

import { untilAborted } from '../../../mobile_runtime/javascript/index.js';
import { showChoice } from './backends.js';
import { Comparison } from './comparison.js';
import { formatDuration, formatSize } from './format.js';
import { say, sayProgress } from './messages.js';
import { openPicture } from './picture.js';
import { planResult } from './result_size.js';
import { show } from './viewer.js';

/** @import { Picture } from './picture.js' */

/** @type {(upscaler: Models) => number[]} Smallest first. */
export function listScales({ models }) {
  return [...new Set(models.map(({ scale }) => scale))].sort((a, b) => a - b);
}

/** One picture. Stopped, it goes on from the tile that it had reached. */
export class PictureSource {
  text = 'Opening the picture…';
  verb = 'Cancel';
  canGoOn = true;
  /** @type {{comparison: Comparison, kind: string, place: {side: number, done: number}}|null} */
  #begun = null;
  /** What the network took for the latest result, without its preparation. */
  #seconds = 0;

  /** @param {PictureFile} file @param {Picture|null} [picture] If it is open already. */
  constructor(file, picture = null) {
    this.file = file;
    this.picture = picture;
  }

  /** @type {(tools: Tools, signal: AbortSignal) => Promise<void>} */
  async run(tools, signal) {
    const { size, plan } = await this.enlarge(tools, signal);
    const isLess = size.width < (tools.settings().width ?? 0);
    const most = isLess ? ` ${plan.scale}× is the most there is.` : '';
    say(`Done in ${formatDuration(this.#seconds)}: ${formatSize(size)} pixels.${most}`);
  }

  /**
   * @param {Tools} tools @param {AbortSignal} signal
   * @returns {Promise<Comparison>} Complete.
   * @throws {TooLargeError} There is no memory for the result.
   * @throws {Error} With a message for the visitor; `AbortError` if it was stopped.
   */
  async enlarge({ upscaler, settings }, signal) {
    const opening = async () => openPicture(await this.file.load(), this.file.name);
    this.picture ??= await untilAborted(opening(), signal);
    const { scale, width, weights, backend } = settings();
    const kind = `${scale} ${width} ${weights}`;
    const known = this.#begun?.comparison;
    if (this.#begun?.kind !== kind || known?.isComplete || known?.isClosed) {
      const scales = listScales(upscaler);
      const comparison = await Comparison.open(this.picture, planResult(this.picture.pixels, { scale, width }, scales));
      this.#begun = { comparison, kind, place: { side: 0, done: 0 } };
      show(comparison);
    }
    const { comparison, place } = this.#begun;
    say('Preparing…');
    showChoice(await upscaler.prepare({ scale: comparison.plan.scale, weights, backend, signal }));
    const started = performance.now();
    await upscaler.current.upscaleTiles(this.picture.pixels, {
      signal,
      place,
      onTile: (tile) => {
        comparison.paint(tile);
        show(comparison);
      },
      onProgress: (progress) => sayProgress('Enlarging', progress),
    });
    signal.throwIfAborted();
    await comparison.finish();
    this.#seconds = (performance.now() - started) / 1000;
    return comparison;
  }
}
