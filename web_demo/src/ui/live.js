/**
 * Live upscaling of the middle of a camera's or video's frames.
 *
 * @import { Pixels } from '../engine/pixels.js'
 * @import { Upscaler } from '../engine/upscaler.js'
 *
 * @typedef {object} LiveOptions
 * @property {Upscaler} upscaler
 * @property {number} scale
 * @property {() => number} side Of the square crop, in pixels; called before each frame.
 * @property {(comparison: Comparison) => void} onFrame Of each finished frame.
 * @property {(text: string) => void} onSpeed
 */

import { untilAborted } from '../engine/abortable.js';
import { Comparison } from './comparison.js';
import { closeVideo, cropMiddle } from './video.js';
import { formatMilliseconds } from './format.js';

/** Frames that the speed is averaged over. */
const FRAMES = 10;

/**
 * Upscale frames until stopped, then release the camera.
 *
 * @param {() => Promise<HTMLVideoElement>} open @param {LiveOptions} options @param {AbortSignal} signal
 * @throws {PageError} It cannot be opened.
 * @throws {DOMException} `AbortError`, when it was stopped.
 */
export async function runLive(open, options, signal) {
  const opening = open();
  try {
    const video = await untilAborted(opening, signal);
    await enlargeFrames(video, options, signal);
  } finally {
    void opening.then(closeVideo, () => {}); // also if the visitor allows the camera too late
  }
}

/** @type {(video: HTMLVideoElement, options: LiveOptions, signal: AbortSignal) => Promise<never>} */
async function enlargeFrames(video, options, signal) {
  /** @type {Comparison|null} */
  let comparison = null;
  /** @type {number[]} */
  const ends = [];
  for (;;) {
    const started = performance.now();
    const pixels = cropMiddle(video, options.side());
    const result = await untilAborted(options.upscaler.upscaleFrame(pixels), signal);
    comparison = refresh(comparison, pixels, options.scale);
    await comparison.sketch();
    comparison.paintAfter({ x: 0, y: 0, pixels: result });
    comparison.isComplete = true;
    options.onFrame(comparison);
    ends.push(performance.now());
    options.onSpeed(speedText(ends, performance.now() - started));
    await untilAborted(new Promise(requestAnimationFrame), signal);
  }
}

/** @type {(comparison: Comparison|null, pixels: Pixels, scale: number) => Comparison} */
function refresh(comparison, pixels, scale) {
  const known = comparison?.picture.pixels;
  if (!comparison || known?.width !== pixels.width || known.height !== pixels.height) {
    return new Comparison({ name: 'live', pixels, transparent: false }, scale);
  }
  comparison.picture.pixels = pixels;
  return comparison;
}

/** @type {(ends: number[], milliseconds: number) => string} */
function speedText(ends, milliseconds) {
  if (ends.length > FRAMES) ends.shift();
  const seconds = ((ends.at(-1) ?? 0) - (ends[0] ?? 0)) / 1000;
  const rate = seconds > 0 ? `${((ends.length - 1) / seconds).toFixed(1)} frames per second, ` : '';
  return `Live: ${rate}${formatMilliseconds(milliseconds)} per frame`;
}
