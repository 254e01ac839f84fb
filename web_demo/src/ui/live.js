/**
 * Live upscaling of the middle of a camera's or video's frames.
 *
 * @import { Pixels } from '../../../mobile_runtime/javascript/index.js'
 * @import { Tools } from './source.js'
 */

import { untilAborted } from '../../../mobile_runtime/javascript/index.js';
import { showChoice } from './backends.js';
import { Comparison } from './comparison.js';
import { chosen } from './elements.js';
import { showLive } from './messages.js';
import { closeVideo, cropMiddle } from './video.js';
import { formatMilliseconds } from './format.js';
import { asPicture } from './picture.js';
import { planResult } from './result_size.js';
import { listScales } from './source.js';
import { show } from './viewer.js';

/** Frames that the speed is averaged over. */
const FRAMES = 10;

/** A camera or a video, until it is stopped; then the camera is let go of. */
export class LiveSource {
  text = 'Preparing…';
  verb = 'Stop';

  /** @param {() => Promise<HTMLVideoElement>} open @param {File|null} [file] That can be enlarged as a whole. */
  constructor(open, file = null) {
    this.open = open;
    this.file = file;
  }

  /**
   * @param {Tools} tools @param {AbortSignal} signal
   * @throws {PageError} It cannot be opened.
   * @throws {DOMException} `AbortError`, when it was stopped.
   */
  async run(tools, signal) {
    const { scale, width, ...others } = tools.settings();
    const factor = width === null ? scale : Math.max(...listScales(tools.upscaler)); // what is live is small
    showChoice(await tools.upscaler.prepare({ ...others, scale: factor, signal }));
    const opening = this.open();
    try {
      const video = await untilAborted(opening, signal);
      await enlargeFrames(video, tools, factor, this.file !== null, signal);
    } finally {
      void opening.then(closeVideo, () => {}); // also if the visitor allows the camera too late
    }
  }
}

/** @type {(video: HTMLVideoElement, tools: Tools, scale: number, isFile: boolean, signal: AbortSignal) => Promise<never>} */
async function enlargeFrames(video, { upscaler }, scale, isFile, signal) {
  /** @type {Comparison|null} */
  let comparison = null;
  /** @type {number[]} */
  const ends = [];
  for (;;) {
    const started = performance.now();
    const pixels = cropMiddle(video, Number(chosen('live-sizes')));
    const result = await untilAborted(upscaler.current.upscaleFrame(pixels), signal);
    comparison = await refresh(comparison, pixels, scale);
    await comparison.setBefore(pixels);
    comparison.paint({ x: 0, y: 0, pixels: result });
    comparison.isComplete = true;
    show(comparison);
    ends.push(performance.now());
    showLive(speedText(ends, performance.now() - started), isFile);
    await untilAborted(new Promise(requestAnimationFrame), signal);
  }
}

/** @type {(comparison: Comparison|null, pixels: Pixels, scale: number) => Promise<Comparison>} */
async function refresh(comparison, pixels, scale) {
  const known = comparison?.picture.pixels;
  if (comparison && known?.width === pixels.width && known.height === pixels.height) return comparison;
  return Comparison.open(asPicture('live', pixels), planResult(pixels, { scale, width: null }, []));
}

/** @type {(ends: number[], milliseconds: number) => string} */
function speedText(ends, milliseconds) {
  if (ends.length > FRAMES) ends.shift();
  const seconds = ((ends.at(-1) ?? 0) - (ends[0] ?? 0)) / 1000;
  const rate = seconds > 0 ? `${((ends.length - 1) / seconds).toFixed(1)} frames per second, ` : '';
  return `Live: ${rate}${formatMilliseconds(milliseconds)} per frame`;
}
