/**
 * Errors of the engine, with messages for the visitor.
 *
 * @import { Trial } from './self_test.js'
 *
 * @typedef {'model-missing'|'model-wrong'|'no-backend'|'out-of-memory'|'too-large'|'network'|'cancelled'} ErrorCode
 */

/** `message` says what was wrong and what to do; `code` is for programs. */
export class UpscalerError extends Error {
  /** Results of the backends, if none passed the self-test. @type {Trial[]} */
  trials = [];

  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'UpscalerError';
    this.code = code;
  }
}

/** Return the error for work that was replaced by other work. */
export function cancelled() {
  return new UpscalerError('cancelled', 'This was stopped, because something else was asked for.');
}
