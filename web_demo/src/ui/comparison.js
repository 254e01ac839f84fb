/**
 * A result beside what it was made from: a small picture, which the stage enlarges as browsers do, and
 * pixels that come tile by tile; until they are complete, the stage shows what is below, faintly.
 *
 * @import { Pixels, Tile } from '../../../mobile_runtime/javascript/index.js'
 * @import { ColorSpace } from './color_profile.js'
 * @import { Picture } from './picture.js'
 * @import { Plan } from './result_size.js'
 */

import { Result, tooLarge } from './result.js';
import { canHold, enlarged } from './result_size.js';
import { canvasIsTrue, decodeTruly } from './true_pixels.js';
import { canMake, draw, wholeOf } from './whole.js';

export class Comparison {
  isComplete = false;
  /** Another one is shown, and this one has no pixels any more. */
  isClosed = false;
  /** The result once more, where a canvas does not give it back. @type {Pixels|null} */
  pixels = null;

  /**
   * Return a comparison that shows the picture, not upscaled yet.
   *
   * @param {Picture} picture @param {Plan} plan
   * @throws {TooLargeError}
   */
  static async open(picture, plan) {
    const size = enlarged(picture.pixels, plan.scale);
    const isHeld = plan.scale === 1 || (canHold(size) && (await canMake(size, picture.colorSpace)));
    if (!isHeld) throw tooLarge(size);
    const before = picture.bitmap ?? (await createImageBitmap(toImageData(picture.pixels, picture.colorSpace)));
    picture.bitmap = null; // it is closed with the comparison
    return new Comparison(picture, plan, before);
  }

  /** @param {Picture} picture @param {Plan} plan @param {ImageBitmap} before */
  constructor(picture, plan, before) {
    this.picture = picture;
    this.plan = plan;
    this.before = before;
    const size = enlarged(picture.pixels, plan.scale);
    /** As the network makes it; of the size of the plan once it is complete. */
    this.result = new Result(size, picture.colorSpace);
    if (!canvasIsTrue()) this.pixels = { ...size, data: new Uint8ClampedArray(4 * size.width * size.height) };
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

  /** @type {() => Promise<void>} All tiles are painted: reduce the result to the size that was asked for. */
  async finish() {
    const { size } = this.result;
    if (size.width !== this.size.width) {
      const bitmap = await draw(await wholeOf(this.result), { reduced: this.size });
      if (!bitmap) throw tooLarge(size);
      this.#take(bitmap);
    }
    this.isComplete = true;
  }

  /** @type {(bitmap: ImageBitmap) => void} */
  #take(bitmap) {
    this.result.close();
    this.result = new Result(bitmap, this.picture.colorSpace);
    this.result.take(bitmap);
  }

  /** @type {(tile: Tile) => void} Paint a tile that the network has computed. */
  paint({ x, y, pixels }) {
    this.result.paint(x, y, toImageData(pixels, this.picture.colorSpace));
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
    this.isComplete = false;
    const size = enlarged(pixels, this.plan.scale);
    if (this.result.size.width === size.width) return; // the frame before is painted over
    this.result.close();
    this.result = new Result(size, this.picture.colorSpace);
  }

  /** Free the memory; Safari does not do it by itself. */
  close() {
    this.isClosed = true;
    this.before.close();
    this.result.close();
  }
}

/** @type {(pixels: Pixels, colorSpace: ColorSpace) => ImageData} */
function toImageData({ data, width, height }, colorSpace) {
  return new ImageData(data, width, height, { colorSpace });
}
