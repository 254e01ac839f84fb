/** The engine in a real browser gives the pictures that Python gives, on every backend. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cases, openPage, shrinkNoise, upscale } from './engine_page.mjs';

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
      if (picture.name !== 'tiles') await shrinkNoise(page); // the full noise once for each backend
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
