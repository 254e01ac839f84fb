/**
 * Choice of the scale.
 *
 * @import { ModelEntry } from '../engine/catalog.js'
 */

import { chosen, radios } from './elements.js';

/** @type {() => number} */
export function chosenScale() {
  return Number(chosen('scales'));
}

/** @type {(scale: number) => void} */
export function chooseScale(scale) {
  for (const radio of radios('scales')) radio.checked = Number(radio.value) === scale;
}

/** @type {(models: ModelEntry[]) => void} Enable those that have a model; choose the largest at first. */
export function offerScales(models) {
  const scales = models.map(({ scale }) => scale);
  for (const radio of radios('scales')) radio.disabled = !scales.includes(Number(radio.value));
  if (!scales.includes(chosenScale())) chooseScale(Math.max(...scales));
}
