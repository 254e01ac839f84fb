/**
 * What the self-test found on this device, so that the next visit starts sooner.
 *
 * @import { Trial } from './upscaler.js'
 */

const PLACE = 'scnet-self-test';

/** Drivers and browsers are updated, so a device gets another chance after a week. */
const VALID_MS = 7 * 24 * 3600 * 1000;

/**
 * @param {string} key Of the device and the model.
 * @returns {Trial[]} Empty if nothing is known.
 */
export function recall(key) {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? '{}')[key];
    return Date.now() - found.time < VALID_MS ? found.trials : [];
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
    const known = JSON.parse(localStorage.getItem(PLACE) ?? '{}');
    localStorage.setItem(PLACE, JSON.stringify({ ...known, [key]: { time: Date.now(), trials } }));
  } catch {
    // Storage is denied or full: the next visit tests again.
  }
}
