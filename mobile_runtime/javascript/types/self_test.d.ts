/**
 * Self-test of the backends on the golden samples, before one gets a picture: some drivers and
 * engines compute wrong pictures without an error (onnxruntime#24070, #26734).
 *
 * @import { Backend, Device } from './device.js'
 * @import { Model } from './manifest.js'
 * @import { GoldenImages } from './parity.js'
 * @import { Setup } from './worker.js'
 *
 * @typedef {object} Trial Result of one backend in the self-test.
 * @property {Backend} backend
 * @property {boolean} passed
 * @property {number|null} psnrDb Lowest over the golden samples; null if its output was no picture.
 * @property {number|null} tileMs Time of one tile of 128x128, if it passed.
 * @property {string} reason A sentence for the visitor.
 * @property {InferenceError} [error] Why it ended early, if it did.
 *
 * @typedef {object} Choice
 * @property {Backend} backend
 * @property {number} threads
 * @property {string} reason
 * @property {Trial[]} trials
 *
 * @typedef {{choice: Choice, inference: Inference, setup: Setup}} Chosen
 */
import type { Backend, Device } from './device.js';
import type { Model } from './manifest.js';
import type { GoldenImages } from './parity.js';
import type { Setup } from './worker.js';
export type Trial = {
    backend: Backend;
    passed: boolean;
    /**
     * Lowest over the golden samples; null if its output was no picture.
     */
    psnrDb: number | null;
    /**
     * Time of one tile of 128x128, if it passed.
     */
    tileMs: number | null;
    /**
     * A sentence for the visitor.
     */
    reason: string;
    /**
     * Why it ended early, if it did.
     */
    error?: InferenceError;
};
export type Choice = {
    backend: Backend;
    threads: number;
    reason: string;
    trials: Trial[];
};
export type Chosen = {
    choice: Choice;
    inference: Inference;
    setup: Setup;
};
import { Inference, InferenceError } from './inference.js';
/**
 * Open a model on the best backend that reproduces the golden samples, or on the one asked for.
 *
 * @param {Model} model
 * @param {Device} device
 * @param {Backend|'auto'} backend
 * @param {AbortSignal} signal Stops it, and closes the model even later.
 * @param {ReadonlySet<Backend>} [failed] Those that stopped working in this visit.
 * @returns {Promise<Chosen>}
 * @throws {UpscalerError} The files cannot be fetched, or no backend works.
 * @throws The reason of `signal`.
 */
export declare function choose(model: Model, device: Device, backend: Backend | 'auto', signal: AbortSignal, failed?: ReadonlySet<Backend>): Promise<Chosen>;
/**
 * Measure the difference of a backend to PyTorch.
 *
 * @param {Inference} inference
 * @param {GoldenImages[]} golden
 * @returns {Promise<number|null>} The lowest PSNR in dB; null if an output is no picture. Infinity without
 *   golden samples.
 */
export declare function measureParity(inference: Inference, golden: GoldenImages[]): Promise<number | null>;
/** @type {(model: Model, device: Device, backend: Backend, bytes: ArrayBuffer) => Setup} */
export declare function setUp({ input, output, scale }: Model, device: Device, backend: Backend, bytes: ArrayBuffer): Setup;
/**
 * @param {Backend} backend
 * @param {number|null} psnr In dB.
 * @param {number|null} tileMs
 * @returns {Trial}
 */
export declare function assess(backend: Backend, psnr: number | null, tileMs: number | null): Trial;
