/** Viewer: the stage and its controls. */

import { button, element } from './elements.js';
import { connectGestures } from './gestures.js';
import { Stage } from './stage.js';
import { formatSize } from './format.js';

/** @import { Comparison } from './comparison.js' */

export const stage = new Stage(element('canvas', HTMLCanvasElement), showView);

const ZOOM_STEP = 1.5;

/** What is on the stage. @type {Comparison|null} */
export let shown = null;
let onShow = () => {};

/** @type {(comparison: Comparison) => void} Show a comparison, or what has changed in it; close the previous one. */
export function show(comparison) {
  if (comparison === shown) return stage.redraw();
  const previous = shown;
  shown = comparison;
  stage.show(comparison);
  previous?.close();
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

/** @type {(listener: () => void) => void} Called when another comparison is shown. */
export function connectViewing(listener) {
  onShow = listener;
  connectGestures(stage);
  const divider = element('divider', HTMLInputElement);
  divider.addEventListener('input', () => {
    const percent = divider.valueAsNumber;
    element('stage', HTMLElement).style.setProperty('--split', `${percent}%`);
    divider.setAttribute('aria-valuetext', `${Math.round(percent)} percent before`);
    stage.split(percent / 100);
  });
  button('zoom-in').addEventListener('click', () => stage.zoom(ZOOM_STEP));
  button('zoom-out').addEventListener('click', () => stage.zoom(1 / ZOOM_STEP));
  button('zoom-fit').addEventListener('click', () => stage.fit());
  button('zoom-actual').addEventListener('click', () => stage.actual());
}
