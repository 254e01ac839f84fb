/** The visitor's choices, remembered by the browser. */

import { element, radios } from './elements.js';

const STORAGE_KEY = 'scnet-settings';

/** @type {() => Record<string, string>} All choices; empty where storage is denied, or holds something else. */
export function recallAll() {
  try {
    return Object(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}'));
  } catch {
    return {};
  }
}

/** @type {(name: string) => string|undefined} */
export function recall(name) {
  return recallAll()[name];
}

/** @type {(name: string, value: string) => void} */
export function remember(name, value) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...recallAll(), [name]: value }));
  } catch {
    // Storage is denied or full: it holds for this visit.
  }
}

/** @type {(id: string) => void} Remember the choice in a group of radio buttons, and make it again. */
export function rememberChoice(id) {
  choose(id, recall(id));
  for (const radio of radios(id)) radio.addEventListener('change', () => remember(id, radio.value));
}

/** @type {(id: string) => void} Remember what is typed into a field, and type it again. */
export function rememberNumber(id) {
  const field = element(id, HTMLInputElement);
  field.value = recall(id) ?? field.value;
  field.addEventListener('change', () => remember(id, field.value));
}

/** @type {(id: string, value: string|undefined) => void} Unless there is no such choice here. */
export function choose(id, value) {
  const wanted = radios(id).find((radio) => radio.value === value && !radio.disabled);
  if (wanted) wanted.checked = true;
}

/**
 * Enable the choices that there are; of several, the remembered one or the first is chosen.
 *
 * @param {string} id @param {string[]} values Best first.
 */
export function offer(id, values) {
  for (const radio of radios(id)) radio.disabled = !values.includes(radio.value);
  if (radios(id).some((radio) => radio.checked && !radio.disabled)) return;
  for (const value of [values[0], recall(id)]) choose(id, value);
}
