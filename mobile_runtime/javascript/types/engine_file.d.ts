/**
 * The engine, onnxruntime-web: a script, and a .wasm file of 14 or 27 MB, which is fetched once and
 * handed to every worker.
 *
 * @import { Backend } from './device.js'
 *
 * @typedef {object} Loading
 * @property {number} loadedMb
 * @property {number} totalMb About that, since servers compress.
 */
import type { Backend } from './device.js';
export type Loading = {
    loadedMb: number;
    /**
     * About that, since servers compress.
     */
    totalMb: number;
};
/** Its two builds: smaller and faster without WebGPU, larger and slower with it. */
export declare const BUILDS: {
    wasm: {
        module: string;
        binary: string;
        megabytes: number;
    };
    webgpu: {
        module: string;
        binary: string;
        megabytes: number;
    };
};
/**
 * Take the engine from another folder than that where npm puts it, for all that is opened later.
 *
 * @param {URL|string} folder With the files of `onnxruntime-web/dist`, from the same server as the page.
 */
export declare function setEngineFolder(folder: URL | string): void;
/** @type {(listener: (loading: Loading) => void) => void} Called while a file comes in; the last listener counts. */
export declare function watchLoading(listener: (loading: Loading) => void): void;
/** @type {(backend: Backend) => string} Address of the script. */
export declare const engineModule: (backend: Backend) => string;
/**
 * Fetch the engine for a backend, unless that was done.
 *
 * @param {Backend} backend
 * @returns {Promise<ArrayBuffer>}
 * @throws {UpscalerError} It cannot be fetched; the next call tries again.
 */
export declare function fetchEngine(backend: Backend): Promise<ArrayBuffer>;
