/**
 * A result beside what it was made from: a small picture, which the stage enlarges as browsers do, and
 * a canvas that fills tile by tile.
 *
 * @import { Pixels, Tile } from '../../../mobile_runtime/javascript/index.js'
 * @import { Picture } from './picture.js'
 */

import { PageError } from './errors.js';
import { canHold, enlarged, refuse } from './result_size.js';
import { canvasIsTrue } from './true_pixels.js';

/** Opacity of what is not upscaled yet. */
const UNFINISHED = 0.4;

/** This browser can hold no result of this size. */
export class TooLargeError extends PageError {
  constructor() {
    super('The result would be larger than this browser can hold. Enlarge it less.');
  }
}

export class Comparison {
  isComplete = false;

  /**
   * Return a comparison that shows the picture, not upscaled yet.
   *
   * @param {Picture} picture @param {number} scale
   * @param {number} [opacity] Of the part that the network has not computed yet.
   * @throws {TooLargeError}
   */
  static async open(picture, scale, opacity = UNFINISHED) {
    const size = enlarged(picture.pixels, scale);
    const after = makeCanvas(size);
    const before = await createImageBitmap(toImageData(picture.pixels));
    const comparison = new Comparison(picture, scale, before, after);
    const context = context2d(after);
    context.globalAlpha = opacity;
    context.drawImage(before, 0, 0, size.width, size.height);
    context.globalAlpha = 1;
    return comparison;
  }

  /** @param {Picture} picture @param {number} scale @param {ImageBitmap} before @param {HTMLCanvasElement} after */
  constructor(picture, scale, before, after) {
    this.picture = picture;
    this.scale = scale;
    this.before = before;
    this.after = after;
    this.size = { width: after.width, height: after.height };
    /** The result once more, where a canvas does not give it back. @type {Pixels|null} */
    this.pixels = canvasIsTrue()
      ? null
      : { ...this.size, data: new Uint8ClampedArray(4 * after.width * after.height) };
  }

  /** @type {(blob: Blob) => Promise<void>} Paint a result that was made earlier. */
  async paintFile(blob) {
    const bitmap = await createImageBitmap(blob);
    context2d(this.after).clearRect(0, 0, this.size.width, this.size.height);
    context2d(this.after).drawImage(bitmap, 0, 0);
    bitmap.close();
  }

  /** @type {(tile: Tile) => void} Paint a tile that the network has computed. */
  paint({ x, y, pixels }) {
    context2d(this.after).putImageData(toImageData(pixels), x, y);
    for (let row = 0; this.pixels && row < pixels.height; row++) {
      const line = pixels.data.subarray(4 * row * pixels.width, 4 * (row + 1) * pixels.width);
      this.pixels.data.set(line, 4 * ((y + row) * this.size.width + x));
    }
  }

  /** @type {(pixels: Pixels, result: Pixels) => Promise<void>} Show another frame of the same size. */
  async replace(pixels, result) {
    const before = await createImageBitmap(toImageData(pixels));
    this.before.close();
    this.before = before;
    this.paint({ x: 0, y: 0, pixels: result });
  }

  /** Another one is shown, and this one has no pixels any more. */
  get isClosed() {
    return this.after.width === 0;
  }

  /** Free the memory; Safari does not do it by itself. */
  close() {
    this.before.close();
    this.after.width = this.after.height = 0;
  }
}

/** @type {(pixels: Pixels) => ImageData} */
function toImageData({ data, width, height }) {
  return new ImageData(data, width, height);
}

/**
 * Return a canvas that holds a result; no browser says how large it may be.
 *
 * @type {(size: {width: number, height: number}) => HTMLCanvasElement}
 */
function makeCanvas(size) {
  if (!canHold(size)) throw new TooLargeError();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [size.width, size.height];
  if (isHeld(canvas)) return canvas;
  canvas.width = canvas.height = 0; // Safari keeps the memory otherwise
  refuse(size);
  throw new TooLargeError();
}

/** @type {(canvas: HTMLCanvasElement) => boolean} A canvas beyond the limit stays blank, or throws. */
function isHeld(canvas) {
  const [x, y] = [canvas.width - 1, canvas.height - 1];
  try {
    const context = canvas.getContext('2d');
    context?.fillRect(x, y, 1, 1);
    if (!canvasIsTrue()) return context !== null;
    const isPainted = context?.getImageData(x, y, 1, 1).data[3] === 255;
    context?.clearRect(x, y, 1, 1);
    return isPainted;
  } catch {
    return false;
  }
}

/** @type {(canvas: HTMLCanvasElement) => CanvasRenderingContext2D} */
function context2d(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
}
