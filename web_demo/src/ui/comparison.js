/**
 * A result beside what it was made from: a small picture, which the stage enlarges as browsers do, and
 * a canvas that fills tile by tile; until it is full, the stage shows what is below, faintly.
 *
 * @import { Pixels, Tile } from '../../../mobile_runtime/javascript/index.js'
 * @import { ColorSpace } from './color_profile.js'
 * @import { Picture } from './picture.js'
 * @import { Plan } from './result_size.js'
 */

import { PageError } from './errors.js';
import { canHold, enlarged, refuse } from './result_size.js';
import { canvasIsTrue, decodeTruly } from './true_pixels.js';

/** This browser can hold no result of this size. */
export class TooLargeError extends PageError {
  constructor() {
    super('The result would be larger than this browser can hold. Enlarge it less.');
  }
}

export class Comparison {
  isComplete = false;
  /** Nothing is painted yet. */
  isBlank = true;

  /**
   * Return a comparison that shows the picture, not upscaled yet.
   *
   * @param {Picture} picture @param {Plan} plan
   * @throws {TooLargeError}
   */
  static async open(picture, plan) {
    const after = makeCanvas(enlarged(picture.pixels, plan.scale), picture.colorSpace);
    const before = picture.bitmap ?? (await createImageBitmap(toImageData(picture.pixels, picture.colorSpace)));
    picture.bitmap = null; // it is closed with the comparison
    return new Comparison(picture, plan, before, after);
  }

  /** @param {Picture} picture @param {Plan} plan @param {ImageBitmap} before @param {HTMLCanvasElement} after As the network makes it. */
  constructor(picture, plan, before, after) {
    this.picture = picture;
    this.plan = plan;
    this.before = before;
    this.after = after;
    /** The result once more, where a canvas does not give it back. @type {Pixels|null} */
    this.pixels = canvasIsTrue()
      ? null
      : { width: after.width, height: after.height, data: new Uint8ClampedArray(4 * after.width * after.height) };
  }

  /** Of the result, once it is complete. */
  get size() {
    return this.plan.size;
  }

  /** @type {(blob: Blob) => Promise<void>} Show a result that was made earlier. */
  async paintFile(blob) {
    this.#take(await createImageBitmap(blob));
    if (this.pixels) this.pixels = await decodeTruly(new Uint8Array(await blob.arrayBuffer()), blob.type);
  }

  /** All tiles are painted: reduce the result to the size that was asked for. */
  async finish() {
    const { width: resizeWidth, height: resizeHeight } = this.size;
    if (this.after.width !== resizeWidth) {
      this.#take(await createImageBitmap(this.after, { resizeWidth, resizeHeight, resizeQuality: 'high' }));
    }
    this.isComplete = true;
  }

  /** @type {(bitmap: ImageBitmap) => void} */
  #take(bitmap) {
    this.isBlank = false;
    [this.after.width, this.after.height] = [bitmap.width, bitmap.height]; // and blank
    context2d(this.after).drawImage(bitmap, 0, 0);
    bitmap.close();
  }

  /** @type {(tile: Tile) => void} Paint a tile that the network has computed. */
  paint({ x, y, pixels }) {
    this.isBlank = false;
    context2d(this.after).putImageData(toImageData(pixels, this.picture.colorSpace), x, y);
    for (let row = 0; this.pixels && row < pixels.height; row++) {
      const line = pixels.data.subarray(4 * row * pixels.width, 4 * (row + 1) * pixels.width);
      this.pixels.data.set(line, 4 * ((y + row) * this.pixels.width + x));
    }
  }

  /** @type {(pixels: Pixels) => Promise<void>} Go on to another frame of the same size. */
  async setBefore(pixels) {
    const before = await createImageBitmap(toImageData(pixels, this.picture.colorSpace));
    this.before.close();
    this.before = before;
    this.picture.pixels = pixels;
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

/** @type {(pixels: Pixels, colorSpace: ColorSpace) => ImageData} */
function toImageData({ data, width, height }, colorSpace) {
  return new ImageData(data, width, height, { colorSpace });
}

/**
 * Return a canvas that holds a result; no browser says how large it may be.
 *
 * @type {(size: {width: number, height: number}, colorSpace: ColorSpace) => HTMLCanvasElement}
 */
function makeCanvas(size, colorSpace) {
  if (!canHold(size)) throw new TooLargeError();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [size.width, size.height];
  canvas.getContext('2d', { colorSpace });
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
