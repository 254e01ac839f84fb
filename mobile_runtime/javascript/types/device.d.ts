/**
 * Capabilities of this device and browser, and the order in which to try backends.
 *
 * @import { Trial } from './self_test.js'
 *
 * @typedef {'webgpu'|'wasm-threads'|'wasm'} Backend
 *
 * @typedef {object} Device
 * @property {'hardware'|'software'|'none'} gpu Where WebGPU would run.
 * @property {string} gpuName Empty if unknown.
 * @property {boolean} isolated The page may share memory between threads.
 * @property {boolean} ios iPhone or iPad, whatever the user agent says.
 * @property {number} cores
 * @property {string} userAgent
 */
import type { Trial } from './self_test.js';
export type Backend = 'webgpu' | 'wasm-threads' | 'wasm';
export type Device = {
    /**
     * Where WebGPU would run.
     */
    gpu: 'hardware' | 'software' | 'none';
    /**
     * Empty if unknown.
     */
    gpuName: string;
    /**
     * The page may share memory between threads.
     */
    isolated: boolean;
    /**
     * iPhone or iPad, whatever the user agent says.
     */
    ios: boolean;
    cores: number;
    userAgent: string;
};
/** Names for the visitor, best backend first. */
export declare const BACKEND_NAMES: Readonly<{
    webgpu: "Graphics chip";
    'wasm-threads': "Processor";
    wasm: "Processor, one thread";
}>;
/** @returns {Promise<Device>} */
export declare function describeDevice(): Promise<Device>;
/** @type {(navigator: {userAgent: string, maxTouchPoints: number}) => boolean} */
export declare function isIos({ userAgent, maxTouchPoints }: {
    userAgent: string;
    maxTouchPoints: number;
}): boolean;
/**
 * Split the backends into those to try, best first, and those to skip.
 *
 * @param {Device} device
 * @returns {{candidates: Backend[], skipped: Trial[]}}
 */
export declare function planTrials(device: Device): {
    candidates: Backend[];
    skipped: Trial[];
};
/** @type {(backend: Backend, device: Device) => number} */
export declare function chooseThreads(backend: Backend, device: Device): number;
