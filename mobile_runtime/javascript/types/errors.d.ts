/**
 * Errors of the engine, with messages for the visitor.
 *
 * @import { Trial } from './self_test.js'
 *
 * @typedef {'model-missing'|'model-wrong'|'no-backend'|'out-of-memory'|'too-large'|'picture-wrong'|'network'|'cancelled'} ErrorCode
 *   `model-missing`: the server has no such file, be it the model or the engine. `model-wrong`: the file
 *   is damaged, or of a kind that cannot be run here. `no-backend`: nothing computes the model correctly
 *   on this device; see `trials`. `out-of-memory`: not even small tiles fit. `too-large`: the picture, or
 *   its result, has more pixels than can be held. `picture-wrong`: the browser cannot decode it.
 *   `network`: a file cannot be fetched. `cancelled`: other work, or `dispose`, came in between.
 */
import type { Trial } from './self_test.js';
export type ErrorCode = 'model-missing' | 'model-wrong' | 'no-backend' | 'out-of-memory' | 'too-large' | 'picture-wrong' | 'network' | 'cancelled';
/** `message` says what was wrong and what to do; `code` is for programs. */
export declare class UpscalerError extends Error {
    code: ErrorCode;
    /** Results of the backends, if none passed the self-test. @type {Trial[]} */
    trials: Trial[];
    /**
     * @param {ErrorCode} code
     * @param {string} message
     * @param {ErrorOptions} [options]
     */
    constructor(code: ErrorCode, message: string, options?: ErrorOptions);
}
/** Return the error for work that was replaced by other work. */
export declare function cancelled(): UpscalerError;
