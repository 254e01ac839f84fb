/**
 * Message about a result that this browser cannot hold, and what it offers instead.
 *
 * @import { Picture } from './picture.js'
 */

import { crop } from '../../../mobile_runtime/javascript/index.js';
import { Comparison } from './comparison.js';
import { formatMegapixels, formatSize } from './format.js';
import { say, sayError } from './messages.js';
import { canHold, enlarged, holdablePart, largestScale, planResult } from './result_size.js';
import { show, stage } from './viewer.js';

/**
 * @param {Picture} picture
 * @param {number} scale That is too large for it.
 * @param {number[]} scales All there are.
 * @param {(scale: number, part?: Picture) => void} enlarge
 */
export async function offerLess(picture, scale, scales, enlarge) {
  const fits = canHold(picture.pixels);
  if (fits) {
    show(await Comparison.open(picture, planResult(picture.pixels, { scale: 1, width: null }, [])));
  }
  const cut = () => {
    const area = holdablePart(stage.visiblePartOf(picture), scale, canHold);
    enlarge(scale, { ...picture, pixels: crop(picture.pixels, area) });
  };
  const actions = [{ label: fits ? 'Only the part in view' : 'Only the middle', act: cut }];
  const smaller = largestScale(picture.pixels, scales, canHold);
  if (smaller) actions.unshift({ label: `${smaller}× instead`, act: () => enlarge(smaller) });
  say('Too large.');
  const result = enlarged(picture.pixels, scale);
  const advice = fits
    ? 'Zoom in to choose a part, or enlarge less.'
    : 'Enlarge less, or only its middle.';
  const megapixels = formatMegapixels(result.width * result.height);
  sayError(
    `${scale}× would make ${formatSize(result)} pixels, ${megapixels}: more than this browser can hold. ${advice}`,
    actions,
  );
}
