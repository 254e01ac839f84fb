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
/**
 * @param {{userAgent: string, maxTouchPoints: number}} navigator
 * @returns {boolean}
 */
export declare function isIos({ userAgent, maxTouchPoints }: {
    userAgent: string;
    maxTouchPoints: number;
}): boolean;
/**
 * Return why a backend is not tried unless the visitor chooses it.
 *
 * @param {Backend} backend
 * @param {Device} device
 * @returns {string|null} Null if it is tried.
 */
export declare function unavailableReason(backend: Backend, device: Device): string | null;
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
/**
 * @param {Backend} backend
 * @param {Device} device
 * @returns {number}
 */
export declare function chooseThreads(backend: Backend, device: Device): number;
