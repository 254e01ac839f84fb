/**
 * What the page says: how far it is, what is worth knowing, and what went wrong.
 *
 * @import { Progress } from '../engine/tile_run.js'
 *
 * @typedef {{label: string, act: () => void}} Action What the visitor can do about a message.
 */

import { button, element } from './elements.js';
import { durationText } from './words.js';

const status = element('status', HTMLElement);
const announcement = element('announcement', HTMLElement);
const notice = element('notice', HTMLElement);
const progress = element('progress', HTMLProgressElement);
const message = element('message', HTMLElement);
const stop = button('stop');
const liveSizes = element('live-sizes', HTMLElement);

/** @type {(text: string) => void} Say what is going on, or how it ended; screen readers say it too. */
export function say(text) {
  status.textContent = announcement.textContent = text;
}

/** @type {(text: string) => void} Only screen readers say it, of what is seen elsewhere. */
export function announce(text) {
  announcement.textContent = text;
}

/** @type {(text: string) => void} Show what changes too often to be read out. */
export function show(text) {
  status.textContent = text;
}

/** @type {(text: string) => void} Say something beside it; the empty text takes it back. */
export function sayNotice(text) {
  notice.textContent = text;
}

/**
 * Something goes on that can be stopped.
 *
 * @param {string} text @param {string} verb On the button. @param {() => void} onStop
 */
export function sayBusy(text, verb, onStop) {
  say(text);
  progress.classList.remove('is-idle');
  progress.removeAttribute('value');
  stop.firstChild?.replaceWith(`${verb} `);
  stop.hidden = false;
  stop.onclick = onStop;
}

/** @type {() => void} It has ended. */
export function sayIdle() {
  keepFocus(stop);
  keepFocus(liveSizes);
  progress.classList.add('is-idle');
  stop.hidden = true;
  liveSizes.hidden = true;
  stop.onclick = null;
}

/** @type {(work: string, progress: Progress) => void} */
export function sayProgress(work, { done, total, secondsLeft }) {
  progress.value = done / total;
  const left = secondsLeft === null ? '' : `, ${durationText(secondsLeft)} left`;
  show(`${work}: ${Math.floor((100 * done) / total)} %${left}`);
}

/** @type {(text: string) => void} What goes on has no end, and a size that can be chosen. */
export function showLive(text) {
  progress.classList.add('is-idle');
  liveSizes.hidden = false;
  show(text);
}

/**
 * Say that something went wrong, and what can be done about it.
 *
 * @param {string} text @param {Action[]} [actions]
 */
export function sayError(text, actions = []) {
  element('message-text', HTMLElement).textContent = text;
  const buttons = [...actions, { label: 'Close', act: () => {} }].map(({ label, act }) => {
    const made = document.createElement('button');
    made.className = 'button small';
    made.textContent = label;
    made.onclick = () => {
      hideError();
      act();
    };
    return made;
  });
  element('message-actions', HTMLElement).replaceChildren(...buttons);
  message.hidden = false;
}

/** @type {() => void} */
export function hideError() {
  keepFocus(message);
  message.hidden = true;
}

/** @type {(vanishing: Element) => void} Who works by keys goes on at the picture, not at the top. */
function keepFocus(vanishing) {
  if (!vanishing.contains(document.activeElement)) return;
  element('canvas', HTMLElement).focus({ preventScroll: true });
}
