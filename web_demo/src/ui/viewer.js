/** Viewer: the stage and its controls. */

import { connectDivider } from './divider.js';
import { button, element } from './elements.js';
import { connectGestures } from './gestures.js';
import { Stage } from './stage.js';
import { formatSize } from './format.js';

/** @import { Comparison } from './comparison.js' */

export const stage = new Stage(element('canvas', HTMLCanvasElement), showView);

const ZOOM_STEP = 1.5;

/** @type {Comparison|null} */
let shown = null;
let onShow = () => {};

/** @type {() => Comparison|null} Comparison on the stage. */
export function shownComparison() {
  return shown;
}

/** @type {(comparison: Comparison) => void} Show a comparison; close the previous one. */
export function show(comparison) {
  const previous = shown;
  shown = comparison;
  stage.show(comparison);
  previous?.close();
  element('before-name', HTMLElement).textContent = 'Bicubic';
  const sizes = new Set([comparison.picture.pixels, comparison.size].map(formatSize));
  element('sizes', HTMLElement).textContent = [...sizes].join(' → ');
  element('stage', HTMLElement).classList.toggle('is-plain', sizes.size === 1);
  onShow();
}

/** @type {(zoom: number, fitted: boolean) => void} */
function showView(zoom, fitted) {
  element('zoom-value', HTMLElement).textContent = `${Math.round(zoom * 100)} %`;
  element('canvas', HTMLElement).classList.toggle('is-close', !fitted);
}

/** @type {(comparison: Comparison) => void} Show a live comparison, which is the same for all frames. */
export function showFrame(comparison) {
  if (comparison === shown) return stage.redraw();
  show(comparison);
  element('before-name', HTMLElement).textContent = 'Plain zoom'; // bicubic would take too long
}

/** Scroll to the stage: on a phone it is above the buttons. */
export function comeIntoView() {
  element('stage', HTMLElement).scrollIntoView({ block: 'nearest' });
}

/** @type {(listener: () => void) => void} Called when another comparison is shown. */
export function connectViewing(listener) {
  onShow = listener;
  connectGestures(stage);
  connectDivider(element('divider', HTMLElement), stage);
  button('zoom-in').addEventListener('click', () => stage.zoom(ZOOM_STEP));
  button('zoom-out').addEventListener('click', () => stage.zoom(1 / ZOOM_STEP));
  button('zoom-fit').addEventListener('click', () => stage.fit());
  button('zoom-actual').addEventListener('click', () => stage.actual());
}
