/**
 * What the self-test found on this device, so that the next visit starts sooner.
 *
 * @import { Trial } from './self_test.js'
 */

const PLACE = 'scnet-self-test';

/** Drivers and browsers are updated, so a device gets another chance after a week. */
const VALID_MS = 7 * 24 * 3600 * 1000;

/**
 * @param {string} key Of the device, the model and the engine.
 * @returns {Trial[]} Empty if nothing is known.
 */
export function recall(key) {
  try {
    return read()[key]?.trials ?? [];
  } catch {
    return []; // storage is denied, or somebody else wrote there
  }
}

/**
 * @param {string} key
 * @param {Trial[]} trials
 */
export function remember(key, trials) {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ ...read(), [key]: { time: Date.now(), trials } }));
  } catch {
    // Storage is denied or full: the next visit tests again.
  }
}

/**
 * All that is known and still valid.
 *
 * @returns {Record<string, {time: number, trials: Trial[]}>}
 */
function read() {
  const found = Object.entries(JSON.parse(localStorage.getItem(PLACE) ?? '{}'));
  return Object.fromEntries(found.filter(([, { time }]) => Date.now() - time < VALID_MS));
}
