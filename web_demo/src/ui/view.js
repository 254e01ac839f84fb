/**
 * Geometry of zoom and pan: which part of a picture is visible, and how large.
 *
 * @import { Area } from '../../../mobile_runtime/javascript/index.js'
 *
 * @typedef {{width: number, height: number}} Size In pixels; of the stage in device pixels.
 * @typedef {{x: number, y: number}} Point
 * @typedef {{zoom: number, x: number, y: number}} View `zoom` in stage pixels per picture pixel; `x`, `y`
 *   is the point of the picture in the middle of the stage.
 */

/** One picture pixel is never shown larger than this many stage pixels. */
export const MAX_ZOOM = 32;

/** @type {(picture: Size, stage: Size) => View} View of the whole picture, as large as possible. */
export function fit(picture, stage) {
  const zoom = Math.min(stage.width / picture.width, stage.height / picture.height, MAX_ZOOM);
  return { zoom, x: picture.width / 2, y: picture.height / 2 };
}

/** @type {(view: View, picture: Size, stage: Size) => boolean} Whether the whole picture is visible. */
export function isFitted(view, picture, stage) {
  return view.zoom <= fit(picture, stage).zoom * 1.0001;
}

/**
 * Multiply the zoom; what is under `point` stays there.
 *
 * @param {View} view @param {number} factor @param {Point} point Stage pixels from its top left.
 * @param {Size} picture @param {Size} stage
 * @returns {View}
 */
export function zoomAt(view, factor, point, picture, stage) {
  const smallest = Math.min(fit(picture, stage).zoom, 1);
  const zoom = Math.min(Math.max(view.zoom * factor, smallest), MAX_ZOOM);
  const [right, down] = [point.x - stage.width / 2, point.y - stage.height / 2];
  const x = view.x + right / view.zoom - right / zoom;
  const y = view.y + down / view.zoom - down / zoom;
  return constrain({ zoom, x, y }, picture, stage);
}

/**
 * Move the picture under the stage.
 *
 * @param {View} view @param {number} right Stage pixels. @param {number} down Stage pixels.
 * @param {Size} picture @param {Size} stage
 * @returns {View}
 */
export function moveBy(view, right, down, picture, stage) {
  const [x, y] = [view.x - right / view.zoom, view.y - down / view.zoom];
  return constrain({ zoom: view.zoom, x, y }, picture, stage);
}

/** @type {(view: View, before: Size, after: Size) => View} The same view of an upscaled picture. */
export function rescale(view, before, after) {
  const factor = after.width / before.width;
  return { zoom: view.zoom / factor, x: view.x * factor, y: view.y * factor };
}

/** @type {(view: View, picture: Size, stage: Size) => Area} Picture pixels, not rounded. */
export function visiblePart(view, picture, stage) {
  const [wide, high] = [stage.width / view.zoom, stage.height / view.zoom];
  const [left, top] = [Math.max(0, view.x - wide / 2), Math.max(0, view.y - high / 2)];
  const right = Math.min(picture.width, view.x + wide / 2);
  const bottom = Math.min(picture.height, view.y + high / 2);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** @type {(view: View, picture: Size, stage: Size) => View} Without an empty border where the picture could fill it. */
function constrain(view, picture, stage) {
  const x = within(view.x, picture.width, stage.width / view.zoom);
  const y = within(view.y, picture.height, stage.height / view.zoom);
  return { zoom: view.zoom, x, y };
}

/** @type {(center: number, length: number, seen: number) => number} */
function within(center, length, seen) {
  if (seen >= length) return length / 2;
  return Math.min(Math.max(center, seen / 2), length - seen / 2);
}
