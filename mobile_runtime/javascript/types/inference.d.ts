/**
 * Client of a worker that runs one model on one backend.
 *
 * @import { ErrorCode } from './errors.js'
 * @import { Area, Image, Pixels } from './pixels.js'
 * @import { Loaded, Opened, Ran, Setup } from './worker.js'
 *
 * @typedef {{resolve: (answer: any) => void, reject: (reason: Error) => void}} Waiting
 */
import type { ErrorCode } from './errors.js';
import type { Area, Image, Pixels } from './pixels.js';
import type { Ran, Setup } from './worker.js';
export type Waiting = {
    resolve: (answer: any) => void;
    reject: (reason: Error) => void;
};
/**
 * For opening a model, and for a test picture: in Firefox threads now and then never start. Not of one
 * thread, which is tried last and may be slow.
 */
export declare const START_TIMEOUT_SECONDS = 20;
/**
 * Failure of the worker, with the engine's own message; `outOfMemory` if a smaller tile may help.
 *
 * With a `code` the engine could not be fetched, and the message is for the visitor.
 */
export declare class InferenceError extends Error {
    code: ErrorCode | undefined;
    outOfMemory: boolean;
    /** Did it not answer? */
    timedOut: boolean;
    /** @param {string} message @param {ErrorCode} [code] */
    constructor(message: string, code?: ErrorCode);
}
/** One open model. */
export declare class Inference {
    #private;
    opened: Promise<void>;
    /** Its name and version. */
    engine: string;
    loadMs: number;
    /** Addresses of all that the worker fetched. @type {string[]} */
    resources: string[];
    /**
     * @param {Setup} setup
     * @param {AbortSignal} [signal] Closes it, even later.
     * @returns {Promise<Inference>}
     * @throws {InferenceError} The engine cannot be fetched, or the backend refused the model, failed, or
     *   did not answer.
     * @throws The reason of `signal`.
     */
    static open(setup: Setup, signal?: AbortSignal): Promise<Inference>;
    /**
     * Start opening a model; `opened` resolves when it is open.
     *
     * @param {Setup} setup
     */
    constructor(setup: Setup);
    /**
     * @param {Image} image
     * @returns {Promise<Ran>}
     * @throws {InferenceError}
     */
    run(image: Image): Promise<Ran>;
    /**
     * @param {Pixels} tile What goes into the network.
     * @param {Area} kept Part of the result to return.
     * @param {{gray: boolean}} picture Whether the whole picture has no color: the result has none then.
     * @returns {Promise<Pixels>}
     * @throws {InferenceError}
     */
    upscale(tile: Pixels, kept: Area, { gray }: {
        gray: boolean;
    }): Promise<Pixels>;
    /** Whether it accepts no more requests. */
    get closed(): boolean;
    /**
     * Stop at once, even in the middle of a run.
     *
     * @param {Error} reason Rejects all pending requests.
     */
    close(reason?: Error): void;
}
