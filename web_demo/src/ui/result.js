/**
 * Pixels of a result, in bands that are made when their first tile comes, and the same in small: a canvas
 * for all of it would halt the page when it is made, and whenever it is shown.
 *
 * @import { ColorSpace } from './color_profile.js'
 * @import { Size } from './view.js'
 *
 * @typedef {object} Piece Rows of a layer.
 * @property {CanvasImageSource & Size} source May hold some rows more.
 * @property {number} top Row of the layer that is the source's first.
 * @property {number} first
 * @property {number} end
 *
 * @typedef {{width: number, pieces: Piece[]}} Layer What the stage draws, in pixels of its own.
 */

import { STRIP_ROWS, makeCanvas, previewStep } from './canvas.js';
import { PageError } from './errors.js';
import { refuse } from './result_size.js';

/** Rows of its neighbors that a band holds too: the stage looks at them where it draws the border larger. */
const OVERLAP = 4;

/** This browser can hold no result of this size. */
export class TooLargeError extends PageError {
  constructor() {
    super('The result would be larger than this browser can hold. Enlarge it less.');
  }
}

export class Result {
  /** @type {(OffscreenCanvasRenderingContext2D|undefined)[]} From the top. */
  #bands = [];
  #rows;
  #step;
  #small;

  /** @param {Size} size @param {ColorSpace} colorSpace @throws {TooLargeError} Later too. */
  constructor(size, colorSpace) {
    this.size = { width: size.width, height: size.height };
    this.colorSpace = colorSpace;
    this.#step = previewStep(size);
    this.#rows = this.#step === 1 ? size.height : STRIP_ROWS;
    const shrunk = (/** @type {number} */ side) => Math.max(1, Math.round(side / this.#step));
    const small = { width: shrunk(size.width), height: shrunk(size.height) };
    this.#small = this.#step > 1 ? this.#make(small) : null;
  }

  /** @type {(x: number, y: number, image: ImageData) => void} */
  paint(x, y, image) {
    for (const { context, top } of this.#touch(y, y + image.height)) context.putImageData(image, x, y - top);
    if (this.#small) this.#shrink(this.#small, image, x, y);
  }

  /** @type {(bitmap: ImageBitmap) => void} Take all pixels from a bitmap of this size, and close it. */
  take(bitmap) {
    for (const { context, top } of this.#touch(0, this.size.height)) context.drawImage(bitmap, 0, -top);
    this.#small?.drawImage(bitmap, 0, 0, this.#small.canvas.width, this.#small.canvas.height);
    bitmap.close();
  }

  /** @type {(width?: number) => Layer} As few pixels as show it so wide; all by default. */
  layer(width = Infinity) {
    const small = this.#small?.canvas;
    if (small && small.width >= width) return { width: small.width, pieces: [wholePiece(small)] };
    const pieces = this.#bands.flatMap((band, i) => (band ? [{ source: band.canvas, ...this.#place(i) }] : []));
    return { width: this.size.width, pieces };
  }

  /** Free the memory; Safari does not do it by itself. */
  close() {
    for (const context of [...this.#bands, this.#small]) {
      if (context) context.canvas.width = context.canvas.height = 0;
    }
    this.#bands = [];
  }

  /** @type {(i: number) => {top: number, bottom: number, first: number, end: number}} Rows that a band holds, and those that are its own. */
  #place(i) {
    const [first, end] = [i * this.#rows, Math.min((i + 1) * this.#rows, this.size.height)];
    return { top: Math.max(0, first - OVERLAP), bottom: Math.min(end + OVERLAP, this.size.height), first, end };
  }

  /** @type {(from: number, to: number) => Generator<{context: OffscreenCanvasRenderingContext2D, top: number}>} The bands that hold some of the rows. */
  *#touch(from, to) {
    const last = Math.ceil(this.size.height / this.#rows) - 1;
    for (let i = 0; i <= last; i++) {
      const { top, bottom } = this.#place(i);
      if (bottom <= from || top >= to) continue;
      yield { context: (this.#bands[i] ??= this.#make({ width: this.size.width, height: bottom - top })), top };
    }
  }

  /** @type {(size: Size) => OffscreenCanvasRenderingContext2D} */
  #make(size) {
    const context = makeCanvas(size, this.colorSpace);
    if (!context) throw tooLarge(this.size);
    context.imageSmoothingQuality = 'high';
    return context;
  }

  /** @type {(small: OffscreenCanvasRenderingContext2D, image: ImageData, x: number, y: number) => void} To whole pixels, so that tiles meet. */
  #shrink(small, image, x, y) {
    const tile = new OffscreenCanvas(image.width, image.height);
    tile.getContext('2d', { colorSpace: this.colorSpace })?.putImageData(image, 0, 0);
    const snap = (/** @type {number} */ at) => Math.round(at / this.#step);
    const [left, top] = [snap(x), snap(y)];
    const [width, height] = [snap(x + image.width) - left, snap(y + image.height) - top];
    small.clearRect(left, top, width, height);
    if (width && height) small.drawImage(tile, left, top, width, height);
  }
}

/** @type {(source: CanvasImageSource & Size) => Piece} All of a layer. */
export function wholePiece(source) {
  return { source, top: 0, first: 0, end: source.height };
}

/** @type {(size: Size) => TooLargeError} Also remembers it. */
export function tooLarge(size) {
  refuse(size);
  return new TooLargeError();
}
