/**
 * Cache of the self-test's results on this device, so that the next visit starts sooner.
 *
 * @import { Trial } from './self_test.js'
 */

const STORAGE_KEY = 'scnet-self-test';

/** Drivers and browsers are updated, so a device is tested again after a week. */
const VALID_MS = 7 * 24 * 3600 * 1000;

/**
 * @param {string} key Of the device, the model and the engine.
 * @returns {Trial[]} Empty if nothing is cached.
 */
export function readCachedTrials(key) {
  try {
    return read()[key]?.trials ?? [];
  } catch {
    return []; // storage is denied, or holds something else
  }
}

/** @type {(key: string, trials: Trial[]) => void} */
export function cacheTrials(key, trials) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...read(), [key]: { time: Date.now(), trials } }));
  } catch {
    // Storage is denied or full: the next visit tests again.
  }
}

/**
 * Return all entries that are still valid.
 *
 * @returns {Record<string, {time: number, trials: Trial[]}>}
 */
function read() {
  const found = Object.entries(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}'));
  return Object.fromEntries(found.filter(([, { time }]) => Date.now() - time < VALID_MS));
}
