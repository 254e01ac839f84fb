/**
 * What computes, why, and the choice of something else.
 *
 * @import { Backend } from '../engine/device.js'
 * @import { Choice, Trial } from '../engine/self_test.js'
 */

import { describeDevice, planTrials } from '../engine/device.js';
import { chosen, element } from './elements.js';

/** @type {{value: Backend|'auto', label: string, hint: string, obstacle: () => string}[]} */
const CHOICES = [
  {
    value: 'auto',
    label: 'Automatic',
    hint: 'The fastest that passes the test on this device.',
    obstacle: () => '',
  },
  {
    value: 'webgpu',
    label: 'WebGPU',
    hint: 'The graphics card. Not tried yet.',
    obstacle: () => ('gpu' in navigator ? '' : 'This browser has no WebGPU.'),
  },
  {
    value: 'wasm-threads',
    label: 'WASM, several threads',
    hint: 'The processor. Not tried yet.',
    obstacle: () => (crossOriginIsolated ? '' : 'This page may not use threads on this server.'),
  },
  {
    value: 'wasm',
    label: 'WASM, one thread',
    hint: 'The processor, slower; works nearly everywhere. Not tried yet.',
    obstacle: () => '',
  },
];

/** @type {Map<Backend, Trial>} The latest of each. */
const trials = new Map();

/** @type {(onChange: () => void) => void} */
export function connectBackends(onChange) {
  const group = element('backends', HTMLElement);
  for (const { value, label, hint, obstacle } of CHOICES) {
    const row = document.createElement('label');
    row.className = 'backend';
    const input = Object.assign(document.createElement('input'), {
      type: 'radio',
      name: 'backend',
      value,
      checked: value === 'auto',
      disabled: obstacle() !== '',
    });
    const reason = document.createElement('small');
    reason.id = `backend-${value}`;
    reason.textContent = obstacle() || hint;
    input.setAttribute('aria-describedby', reason.id);
    row.append(input, label, reason);
    group.append(row);
  }
  group.addEventListener('change', onChange);
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
  if (backend === 'webgpu') return 'WebGPU';
  return backend === 'wasm' ? 'WASM, one thread' : `WASM, ${threads} threads`;
}

/** @type {() => Promise<Backend[]>} What may be measured, the plainest first. */
export async function worthMeasuring() {
  const { candidates } = planTrials(await describeDevice());
  // Asked for by name, a backend may have passed whatever speaks against it.
  const isWorth = (/** @type {Backend} */ backend) =>
    trials.get(backend)?.passed ?? candidates.includes(backend);
  return CHOICES.toReversed().flatMap(({ value }) =>
    value !== 'auto' && isWorth(value) ? [value] : [],
  );
}
