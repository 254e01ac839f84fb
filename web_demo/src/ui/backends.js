/**
 * Choice of a backend, and the results of those that were tried.
 *
 * @import { Backend, Choice, Trial } from '../../../mobile_runtime/javascript/index.js'
 */

import { BACKEND_NAMES } from '../../../mobile_runtime/javascript/index.js';
import { element, make } from './elements.js';
import { recall, remember } from './settings.js';

/** @type {Record<Backend|'auto', string>} Shown under a choice until it has been tried. */
const HINTS = {
  auto: 'The fastest that passes a short test on this device.',
  webgpu: 'Not tried yet; loads 27 MB.',
  'wasm-threads': 'Not tried yet; loads 14 MB.',
  wasm: 'Slower; works nearly everywhere. Not tried yet; loads 14 MB.',
};

/** @type {Map<Backend, Trial>} The latest of each. */
const trials = new Map();

/** @type {Backend|'auto'} */
export let chosenBackend = 'auto';

/** @type {(onChange: () => void) => void} Buttons, since each may load megabytes: arrow keys choose nothing. */
export function connectBackends(onChange) {
  const group = element('backends', HTMLElement);
  for (const [value, label] of Object.entries({ auto: 'Automatic', ...BACKEND_NAMES })) {
    const backend = /** @type {Backend|'auto'} */ (value);
    const obstacle = impossibleReason(backend);
    const onclick = () => {
      remember('backend', value);
      press(backend);
      onChange();
    };
    const reason = make('small', { id: `backend-${value}` }, obstacle ?? HINTS[backend]);
    group.append(make('button', { className: 'backend', value, disabled: obstacle !== null, onclick }, label, reason));
    if (value === recall('backend') && obstacle === null) chosenBackend = backend;
  }
  press(chosenBackend);
}

/** @type {(backend: Backend|'auto') => void} */
function press(backend) {
  chosenBackend = backend;
  for (const row of element('backends', HTMLElement).querySelectorAll('button')) {
    row.setAttribute('aria-pressed', `${row.value === backend}`);
  }
}

/** @type {(value: Backend|'auto') => string|null} Why a choice is disabled; null if it is not. */
function impossibleReason(value) {
  if (value === 'webgpu' && !('gpu' in navigator)) return 'This browser gives it to no page (WebGPU).';
  if (value === 'wasm-threads' && !crossOriginIsolated) return 'Only one thread is allowed on this server.';
  return null;
}

/** @type {(choice: Choice|null) => void} */
export function showChoice(choice) {
  if (!choice) return;
  const { backend, threads } = choice;
  const name = backend === 'wasm-threads' ? `Processor, ${threads} threads` : BACKEND_NAMES[backend];
  element('backend-name', HTMLElement).textContent = name;
  showTrials(choice.trials);
}

/** @type {(found: Trial[]) => void} */
export function showTrials(found) {
  for (const trial of found) {
    trials.set(trial.backend, trial);
    element(`backend-${trial.backend}`, HTMLElement).textContent = trial.reason;
  }
}

/** @type {() => string[]} What came of each backend, a line each. */
export function describeTrials() {
  return [...trials.values()].map(({ backend, reason, psnrDb }) => {
    const parity = psnrDb === null ? '' : ` ${psnrDb.toFixed(1)} dB`;
    return `${backend}: ${reason}${parity}`;
  });
}
