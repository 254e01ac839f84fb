/** The engine in a real browser gives the pictures that Python gives, on every backend. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cases, openPage } from './engine_page.mjs';

/**
 * Upscale a case in the page, and compare there: pictures are large.
 *
 * @param {import('playwright-core').Page} page
 * @param {import('./engine_page.mjs').Case} picture
 * @param {string} backend
 */
function upscale(page, picture, backend) {
  return page.evaluate(
    async ({ picture, backend }) => {
      const { open } = /** @type {any} */ (globalThis);
      const { name, width, height, scale, weights } = picture;
      const load = async (/** @type {string} */ end) =>
        new Uint8ClampedArray(await (await fetch(`cases/${name}.${end}.rgba`)).arrayBuffer());
      const [input, expected] = [await load('input'), await load('output')];
      const upscaler = await open();
      const choice = await upscaler.prepare({ scale, weights, backend });
      const painted = new Int16Array(expected.length).fill(-999);
      const onTile = ({ x, y, pixels }) => {
        for (let row = 0; row < pixels.height; row++) {
          const line = pixels.data.subarray(4 * row * pixels.width, 4 * (row + 1) * pixels.width);
          painted.set(line, 4 * ((y + row) * width * scale + x));
        }
      };
      const steps = /** @type {any[]} */ ([]);
      const onProgress = (step) => steps.push(step);
      await upscaler.upscale({ width, height, data: input }, { onTile, onProgress });
      upscaler.close();
      const off = Array.from(painted, (value, i) => Math.abs(value - expected[i]));
      const worst = (values) => values.reduce((most, value) => Math.max(most, value), 0);
      return {
        choice,
        steps,
        color: worst(off.filter((_, i) => i % 4 !== 3)),
        alpha: worst(off.filter((_, i) => i % 4 === 3)),
      };
    },
    { picture, backend },
  );
}

/** WebGPU is computed by the processor here, which is slow. */
const SLOW = ['stamp', 'tiny-ribbon'];

for (const picture of cases()) {
  const backends = SLOW.includes(picture.name) ? ['webgpu'] : ['wasm-threads', 'wasm'];
  for (const backend of backends) {
    test(`${picture.name} on ${backend} equals Python's, in one piece`, async (t) => {
      const { page } = await openPage(t, {
        page: picture.page,
        isolated: backend !== 'wasm',
        gpu: backend === 'webgpu',
      });
      const { choice, steps, color, alpha } = await upscale(page, picture, backend);
      assert.ok(color <= 1, `a color is ${color} steps of 8 bits off`);
      assert.equal(alpha, 0);
      assert.equal(choice.backend, backend);
      assert.equal(steps.length, steps.at(-1).total);
      assert.equal(steps.at(-1).secondsLeft, 0);
      if (picture.width > 256) assert.ok(steps.length > 1, 'one tile tests no tiling');
    });
  }
}
