/**
 * Stage that shows a comparison: before left of the divider, after right of it, with the same zoom and
 * position.
 *
 * @import { Area } from '../../../mobile_runtime/javascript/index.js'
 * @import { Comparison } from './comparison.js'
 * @import { Picture } from './picture.js'
 * @import { Layer } from './result.js'
 * @import { Point, View } from './view.js'
 */

import { wholePiece } from './result.js';
import { fit, isFitted, moveBy, rescale, visiblePart, zoomAt } from './view.js';

/** From this zoom on, pixels are shown as squares. */
const SQUARES = 4;
/** Opacity of the picture where it is not upscaled yet. */
const UNFINISHED = 0.4;
/** Side of the squares behind transparent pixels, in stage pixels. */
const CHECKER = 12;

export class Stage {
  /** @type {Comparison|null} */
  #shown = null;
  /** @type {View} */
  #view = { zoom: 1, x: 0, y: 0 };
  #split = 0.5;
  #frame = 0;
  #fitted = true;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(zoom: number, fitted: boolean) => void} onView Called with every new view.
   */
  constructor(canvas, onView) {
    this.canvas = canvas;
    this.onView = onView;
    const colorSpace = matchMedia('(color-gamut: p3)').matches ? 'display-p3' : 'srgb';
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { colorSpace }));
    this.checker = makeChecker(this.context);
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  /** @type {(comparison: Comparison) => void} The same picture, enlarged otherwise, stays in view. */
  show(comparison) {
    const previous = this.#shown;
    this.#shown = comparison;
    const same = previous?.picture === comparison.picture && !this.#fitted;
    this.#look(
      same
        ? rescale(this.#view, previous.size, comparison.size)
        : fit(comparison.size, this.canvas),
    );
  }

  /** @type {(picture: Picture) => Area} In picture pixels; all of it if another one is shown. */
  visiblePartOf(picture) {
    const all = { x: 0, y: 0, width: picture.pixels.width, height: picture.pixels.height };
    if (this.#shown?.picture !== picture) return all;
    const { x, y, width, height } = visiblePart(this.#view, this.#shown.size, this.canvas);
    const scale = this.#shown.size.width / picture.pixels.width;
    return { x: x / scale, y: y / scale, width: width / scale, height: height / scale };
  }

  /** @type {(factor: number, point?: Point) => void} Stage pixels; without a point, the middle stays. */
  zoom(factor, point = { x: this.canvas.width / 2, y: this.canvas.height / 2 }) {
    if (this.#shown) this.#look(zoomAt(this.#view, factor, point, this.#shown.size, this.canvas));
  }

  /** @type {(right: number, down: number) => void} Stage pixels. */
  move(right, down) {
    if (this.#shown) this.#look(moveBy(this.#view, right, down, this.#shown.size, this.canvas));
  }

  fit() {
    if (this.#shown) this.#look(fit(this.#shown.size, this.canvas));
  }

  /** One result pixel per pixel of the screen. */
  actual() {
    this.zoom(1 / this.#view.zoom);
  }

  /** Whether the picture cannot be zoomed out further. */
  get isFitted() {
    return this.#fitted;
  }

  /** @type {(share: number) => void} How much of the stage, from the left, shows before. */
  split(share) {
    this.#split = share;
    this.redraw();
  }

  redraw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** @type {(view: View) => void} */
  #look(view) {
    this.#view = view;
    this.#fitted = !this.#shown || isFitted(view, this.#shown.size, this.canvas);
    this.onView(view.zoom, this.#fitted);
    this.redraw();
  }

  #resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.max(1, Math.round(clientWidth * devicePixelRatio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * devicePixelRatio));
    if (this.#fitted) this.fit();
    else this.move(0, 0);
    this.#draw(); // now: a canvas is blank after a change of size
  }

  #draw() {
    const { width, height } = this.canvas;
    this.context.clearRect(0, 0, width, height);
    if (!this.#shown) return;
    const { before: whole, result, isComplete, picture, plan, size } = this.#shown;
    const border = plan.scale === 1 ? width : Math.round(width * this.#split);
    const wide = size.width * this.#view.zoom;
    const { preview } = picture;
    const source = preview && preview.width >= wide ? preview : whole;
    const before = { width: source.width, pieces: [wholePiece(source)] };
    this.#drawSide(before, 0, border);
    if (!isComplete) this.#drawSide(before, border, width, { opacity: UNFINISHED });
    this.#drawSide(result.layer(wide), border, width, { isAbove: !isComplete });
  }

  /** @type {(layer: Layer, left: number, right: number, how?: {opacity?: number, isAbove?: boolean}) => void} */
  #drawSide(layer, left, right, { opacity = 1, isAbove = false } = {}) {
    const { context } = this;
    const { zoom, x, y } = this.#view;
    const size = /** @type {Comparison} */ (this.#shown).size;
    const part = visiblePart(this.#view, size, this.canvas);
    const to = {
      x: (part.x - x) * zoom + this.canvas.width / 2,
      y: (part.y - y) * zoom + this.canvas.height / 2,
    };
    const [width, height] = [part.width * zoom, part.height * zoom];
    context.save();
    context.beginPath();
    context.rect(left, 0, right - left, this.canvas.height);
    context.clip();
    if (this.#shown?.picture.transparent && !isAbove) {
      context.fillStyle = this.checker;
      context.fillRect(to.x, to.y, width, height);
    }
    const isResult = layer.width === size.width;
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = !isResult || zoom < SQUARES;
    context.imageSmoothingQuality = !isResult || zoom < 1 ? 'high' : 'medium';
    const share = layer.width / size.width;
    const [x0, y0, wide, high] = /** @type {[number, number, number, number]} */ (
      [part.x, part.y, part.width, part.height].map((v) => v * share)
    );
    const onStage = (/** @type {number} */ row) => to.y + ((row - y0) * zoom) / share;
    for (const { source, top, first, end } of layer.pieces) {
      if (end <= y0 || first >= y0 + high) continue;
      const bottom = top + source.height;
      const [from, stop] = [Math.max(y0, top), Math.min(y0 + high, bottom)];
      // Pieces meet on a whole pixel of the stage, and each is drawn beyond, so that nothing shines through.
      const above = first === top ? Math.floor(onStage(top)) : Math.round(onStage(first));
      const below = end === bottom ? Math.ceil(onStage(bottom)) : Math.round(onStage(end));
      context.save();
      context.beginPath();
      context.rect(0, above, this.canvas.width, below - above);
      context.clip();
      context.drawImage(source, x0, from - top, wide, stop - from, to.x, onStage(from), width, onStage(stop) - onStage(from));
      context.restore();
    }
    context.restore();
  }
}

/** @type {(context: CanvasRenderingContext2D) => CanvasPattern} */
function makeChecker(context) {
  const canvas = new OffscreenCanvas(2 * CHECKER, 2 * CHECKER);
  const squares = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  squares.fillStyle = '#fff';
  squares.fillRect(0, 0, 2 * CHECKER, 2 * CHECKER);
  squares.fillStyle = '#ccc';
  squares.fillRect(0, 0, CHECKER, CHECKER);
  squares.fillRect(CHECKER, CHECKER, CHECKER, CHECKER);
  return /** @type {CanvasPattern} */ (context.createPattern(canvas, 'repeat'));
}
