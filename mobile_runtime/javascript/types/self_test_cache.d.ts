/**
 * Cache of the self-test's results on this device, so that the next visit starts sooner.
 *
 * @import { Trial } from './self_test.js'
 */
import type { Trial } from './self_test.js';
/**
 * @param {string} key Of the device, the model and the engine.
 * @returns {Trial[]} Empty if nothing is cached.
 */
export declare function readCachedTrials(key: string): Trial[];
/** @type {(key: string, trials: Trial[]) => void} */
export declare function cacheTrials(key: string, trials: Trial[]): void;
