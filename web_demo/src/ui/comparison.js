/**
 * A result beside its bicubic enlargement, as two canvases of the same size that fill tile by tile.
 *
 * @import { Pixels } from '../engine/pixels.js'
 * @import { Tile } from '../engine/tile_run.js'
 * @import { Rectangle } from './bicubic.js'
 * @import { Picture } from './picture.js'
 */

import { enlargeBicubic } from './bicubic.js';
import { PageError } from './errors.js';
import { enlarged } from './result_size.js';

/** Pixels of bicubic at a time: some 20 ms, so that the page stays quick. */
const STRIP_PIXELS = 1 << 16;

/** Opacity of what is not upscaled yet. */
const UNFINISHED = 0.4;

export class Comparison {
  /**
   * @param {Picture} picture
   * @param {number} scale
   * @throws {PageError} This browser has no memory for it.
   */
  constructor(picture, scale) {
    this.picture = picture;
    this.scale = scale;
    this.size = enlarged(picture.pixels, scale);
    this.before = makeCanvas(this.size);
    this.after = makeCanvas(this.size);
    this.isComplete = false;
  }

  /**
   * Return a comparison that shows the picture, not upscaled yet.
   *
   * @param {Picture} picture @param {number} scale @param {number} [opacity] As for `sketch`.
   * @throws {PageError} This browser has no memory for it.
   */
  static async sketched(picture, scale, opacity) {
    const comparison = new Comparison(picture, scale);
    try {
      await comparison.sketch(opacity);
      return comparison;
    } catch (error) {
      comparison.close();
      throw error;
    }
  }

  /**
   * Fill both canvases with the browser's own interpolation.
   *
   * @param {number} [opacity] Of the part that the network has not computed yet.
   */
  async sketch(opacity = UNFINISHED) {
    const { width, height } = this.size;
    const bitmap = await createImageBitmap(toImageData(this.picture.pixels));
    for (const canvas of [this.before, this.after]) {
      const context = context2d(canvas);
      context.globalAlpha = canvas === this.after ? opacity : 1;
      context.drawImage(bitmap, 0, 0, width, height);
      context.globalAlpha = 1;
    }
    bitmap.close();
  }

  /** @type {(result: ImageBitmap) => void} Paint a complete result. */
  paintResult(result) {
    context2d(this.after).drawImage(result, 0, 0);
  }

  /** @type {(tile: Tile) => void} Paint a tile that the network has computed. */
  paintAfter({ x, y, pixels }) {
    context2d(this.after).putImageData(toImageData(pixels), x, y);
  }

  /**
   * Paint bicubic where the network has finished.
   *
   * @param {Rectangle} area In result pixels.
   * @param {AbortSignal} signal
   */
  async paintBefore(area, signal) {
    const rows = Math.max(1, Math.floor(STRIP_PIXELS / area.width));
    for (let y = 0; y < area.height && !signal.aborted; y += rows) {
      const strip = { ...area, y: area.y + y, height: Math.min(rows, area.height - y) };
      const pixels = enlargeBicubic(this.picture.pixels, this.scale, strip);
      context2d(this.before).putImageData(toImageData(pixels), strip.x, strip.y);
      // In a hidden tab timers fire once a second, and the page need not stay responsive.
      if (!document.hidden) await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** Free the memory; Safari does not do it by itself. */
  close() {
    for (const canvas of [this.before, this.after]) canvas.width = canvas.height = 0;
  }
}

/** @type {(pixels: Pixels) => ImageData} */
function toImageData({ data, width, height }) {
  return new ImageData(data, width, height);
}

/** @type {(size: {width: number, height: number}) => HTMLCanvasElement} */
function makeCanvas({ width, height }) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

/** @type {(canvas: HTMLCanvasElement) => CanvasRenderingContext2D} */
function context2d(canvas) {
  const context = canvas.getContext('2d');
  if (!context)
    throw new PageError(
      'This browser has no memory left for the result. Close other tabs and try again.',
    );
  return context;
}
