/**
 * Messages of the page: status, progress, notices and errors.
 *
 * @import { Loading, Progress } from '../../../mobile_runtime/javascript/index.js'
 *
 * @typedef {{label: string, act: () => void}} Action Button of a message.
 */

import { button, element, make } from './elements.js';
import { formatDuration } from './format.js';

const status = element('status', HTMLElement);
const announcement = element('announcement', HTMLElement);
const notice = element('notice', HTMLElement);
const progress = element('progress', HTMLProgressElement);
const message = element('message', HTMLDialogElement);
const bar = element('bar', HTMLElement);
const goOn = button('go-on');
const stop = button('stop');
const liveSize = element('live-size', HTMLElement);
const toFile = button('to-file');

/** @type {(text: string) => void} Show the status, for screen readers too. */
export function say(text) {
  status.textContent = announcement.textContent = text;
}

/** @type {(text: string) => void} Show a status that changes too often to be read aloud. */
export function show(text) {
  status.textContent = text;
}

/** @type {(text: string) => void} Show a notice beside the status; empty text removes it. */
export function sayNotice(text) {
  notice.textContent = text;
}

/**
 * Show that work has started, with a button that stops it.
 *
 * @param {string} text @param {string} verb On the button. @param {() => void} onStop
 */
export function sayBusy(text, verb, onStop) {
  say(text);
  progress.hidden = false;
  progress.removeAttribute('value');
  stop.firstChild?.replaceWith(`${verb} `);
  stop.hidden = false;
  stop.onclick = onStop;
  goOn.hidden = true;
  bar.classList.add('is-busy');
}

/** @type {() => void} Show that the work has ended. */
export function sayIdle() {
  for (const part of [stop, liveSize, toFile]) {
    keepFocus(part);
    part.hidden = true;
  }
  progress.hidden = true;
  stop.onclick = null;
  bar.classList.remove('is-busy');
}

/** @type {(onGoOn: (() => void)|null) => void} Show that work was stopped, with a button that goes on, if it can. */
export function sayStopped(onGoOn) {
  say('Stopped.');
  goOn.hidden = onGoOn === null;
  goOn.onclick = onGoOn;
}

/** @type {(loading: Loading) => void} Show how far the engine has come, if it is waited for. */
export function sayLoading({ loadedMb, totalMb }) {
  if (stop.hidden || progress.hasAttribute('value')) return;
  show(`Loading the engine: ${Math.round(loadedMb)} of ${Math.round(totalMb)} MB`);
}

/** @type {(work: string, progress: Progress) => void} */
export function sayProgress(work, { done, total, secondsLeft }) {
  progress.value = done / total;
  const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left`;
  show(`${work}: ${Math.floor((100 * done) / total)} %${left}`);
}

/** @type {(text: string, isFile: boolean) => void} Show work without an end, the choice of its size, and what else can be done with a file. */
export function showLive(text, isFile) {
  progress.hidden = true;
  liveSize.hidden = false;
  toFile.hidden = !isFile || !('VideoEncoder' in globalThis);
  show(text);
}

/**
 * Show an error with buttons for what can be done about it.
 *
 * @param {string} text @param {Action[]} [actions]
 */
export function sayError(text, actions = []) {
  element('message-text', HTMLElement).textContent = text;
  const buttons = [...actions, { label: 'Close', act: () => {} }].map(({ label, act }) => {
    const onclick = () => {
      hideError();
      act();
    };
    return make('button', { className: 'button small', onclick }, label);
  });
  element('message-actions', HTMLElement).replaceChildren(...buttons);
  if (!message.open) message.show();
}

/** @type {() => void} */
export function hideError() {
  message.close(); // the focus returns to where it was
}

/** @type {(vanishing: Element) => void} Move the keyboard focus to the picture, not to the top of the page. */
function keepFocus(vanishing) {
  if (!vanishing.contains(document.activeElement)) return;
  element('canvas', HTMLElement).focus({ preventScroll: true });
}
