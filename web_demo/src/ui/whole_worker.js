/**
 * Worker that draws a whole result on one canvas, to write or to reduce it.
 *
 * @import { Whole, Wish } from './whole.js'
 */

import { makeCanvas } from './canvas.js';

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));

scope.onmessage = async ({ data }) => {
  const answer = await perform(data).catch(() => null);
  scope.postMessage(answer, answer instanceof ImageBitmap ? [answer] : []);
};

/** @type {(work: Whole & Wish) => Promise<Blob|ImageBitmap|true|null>} Null if the browser cannot do it. */
async function perform({ size, colorSpace, pieces, encoding, background, reduced }) {
  const context = makeCanvas(size, colorSpace);
  if (!context) return null;
  if (background) {
    context.fillStyle = background;
    context.fillRect(0, 0, size.width, size.height);
  }
  for (const { bitmap, top } of pieces) {
    context.drawImage(bitmap, 0, top);
    bitmap.close();
  }
  const { canvas } = context;
  if (encoding) return canvas.convertToBlob(encoding);
  if (!reduced) return true;
  const [resizeWidth, resizeHeight] = [reduced.width, reduced.height];
  return createImageBitmap(canvas, { resizeWidth, resizeHeight, resizeQuality: 'high' });
}
