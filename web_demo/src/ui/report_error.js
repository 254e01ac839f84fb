/** Errors of any kind, shown to the visitor. */

import { UpscalerError } from '../../../mobile_runtime/javascript/index.js';
import { showTrials } from './backends.js';
import { PageError } from './errors.js';
import { say, sayError } from './messages.js';

/** @type {(error: unknown, retry?: () => void) => void} */
export function reportError(error, retry) {
  say('That did not work.');
  if (error instanceof UpscalerError) showTrials(error.trials);
  // A bad picture stays bad; anything else may work the next time.
  const actions =
    retry && !(error instanceof PageError) ? [{ label: 'Try again', act: retry }] : [];
  sayError(describe(error), actions);
}

/** @type {(error: unknown) => string} */
export function describe(error) {
  if (error instanceof PageError || error instanceof UpscalerError) return error.message;
  console.error(error);
  const advice = 'Close other tabs, or reload this page, and try again.';
  // What browsers throw when an array does not fit.
  if (error instanceof RangeError) return `The memory of this browser did not suffice. ${advice}`;
  return `Something unexpected happened (${error}). ${advice}`;
}
