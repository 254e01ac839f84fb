/**
 * Message about a result that this browser cannot hold, and what it offers instead.
 *
 * @import { Picture } from './picture.js'
 *
 * @typedef {object} Offer
 * @property {Picture} picture
 * @property {number} scale That is too large for it.
 * @property {number[]} scales All there are.
 * @property {(scale: number) => void} onLess
 * @property {() => void} onPart
 */

import { canHold } from './canvas_limit.js';
import { Comparison } from './comparison.js';
import { say, sayError } from './messages.js';
import { enlarged, largestScale } from './result_size.js';
import { show } from './viewer.js';
import { formatMegapixels, formatSize } from './format.js';

/** @type {(offer: Offer) => Promise<void>} */
export async function offerLess({ picture, scale, scales, onLess, onPart }) {
  const fits = canHold(picture.pixels);
  if (fits) show(await Comparison.sketched(picture, 1, 1));
  const actions = [{ label: fits ? 'Only the part in view' : 'Only the middle', act: onPart }];
  const smaller = largestScale(picture.pixels, scales, canHold);
  if (smaller) actions.unshift({ label: `${smaller}× instead`, act: () => onLess(smaller) });
  say('Too large.');
  sayError(describe(picture, scale, fits), actions);
}

/** @type {(picture: Picture, scale: number, isShown: boolean) => string} */
function describe({ pixels }, scale, isShown) {
  const result = enlarged(pixels, scale);
  const advice = isShown
    ? 'Zoom in to choose a part, or enlarge less.'
    : 'Enlarge less, or only its middle.';
  return (
    `${scale}× would make ${formatSize(result)} pixels, ${formatMegapixels(result.width * result.height)}: ` +
    `more than this browser can hold. ${advice}`
  );
}
