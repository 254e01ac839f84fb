/**
 * Choice of a backend, and the results of those that were tried.
 *
 * @import { Backend } from '../engine/device.js'
 * @import { Choice, Trial } from '../engine/self_test.js'
 */

import { BACKEND_NAMES, describeDevice, planTrials } from '../engine/device.js';
import { chosen, element } from './elements.js';

/** @type {Record<Backend|'auto', string>} Shown under a choice until it has been tried. */
const HINTS = {
  auto: 'The fastest that passes the test on this device.',
  webgpu: 'The graphics card. Not tried yet.',
  'wasm-threads': 'The processor. Not tried yet.',
  wasm: 'The processor, slower; works nearly everywhere. Not tried yet.',
};

/** @type {Map<Backend, Trial>} The latest of each. */
const trials = new Map();

/** @type {(onChange: () => void) => void} */
export function connectBackends(onChange) {
  const group = element('backends', HTMLElement);
  for (const [value, label] of Object.entries({ auto: 'Automatic', ...BACKEND_NAMES })) {
    const obstacle = impossibleReason(value);
    const row = document.createElement('label');
    row.className = 'backend';
    const input = Object.assign(document.createElement('input'), {
      type: 'radio',
      name: 'backend',
      value,
      checked: value === 'auto',
      disabled: obstacle !== null,
    });
    const reason = document.createElement('small');
    reason.id = `backend-${value}`;
    reason.textContent = obstacle ?? HINTS[/** @type {Backend|'auto'} */ (value)];
    input.setAttribute('aria-describedby', reason.id);
    row.append(input, label, reason);
    group.append(row);
  }
  group.addEventListener('change', onChange);
}

/** @type {(value: string) => string|null} Why a choice is disabled; null if it is not. */
function impossibleReason(value) {
  if (value === 'webgpu' && !('gpu' in navigator)) return 'This browser has no WebGPU.';
  if (value === 'wasm-threads' && !crossOriginIsolated) {
    return 'This page may not use threads on this server.';
  }
  return null;
}

/** @type {() => Backend|'auto'} */
export function chosenBackend() {
  return /** @type {Backend|'auto'} */ (chosen('backends'));
}

/** @type {(choice: Choice) => void} */
export function showChoice(choice) {
  element('backend-name', HTMLElement).textContent = backendName(choice.backend, choice.threads);
  element('backend-reason', HTMLElement).hidden = true;
  showTrials(choice.trials);
}

/** @type {(found: Trial[]) => void} */
export function showTrials(found) {
  for (const trial of found) {
    trials.set(trial.backend, trial);
    element(`backend-${trial.backend}`, HTMLElement).textContent = trial.reason;
  }
}

/** @type {(backend: Backend, threads: number) => string} */
export function backendName(backend, threads) {
  return backend === 'wasm-threads' ? `WASM, ${threads} threads` : BACKEND_NAMES[backend];
}

/** @type {() => Promise<Backend[]>} Those to measure, the slowest first. */
export async function backendsToMeasure() {
  const { candidates } = planTrials(await describeDevice());
  const backends = /** @type {Backend[]} */ (Object.keys(BACKEND_NAMES).toReversed());
  // One that the visitor chose may have passed although it is not tried by default.
  return backends.filter((backend) => trials.get(backend)?.passed ?? candidates.includes(backend));
}
