import assert from 'node:assert/strict';
import { test } from 'node:test';

import { planTiles, smallestSide } from '../../../mobile_runtime/javascript/tiles.js';
import { estimate, smallerSide, startSide } from '../../../mobile_runtime/javascript/tile_run.js';

const CASES = [
  { width: 1, height: 1, halo: 3, side: 8 },
  { width: 8, height: 8, halo: 3, side: 8 },
  { width: 9, height: 8, halo: 3, side: 8 },
  { width: 100, height: 3, halo: 3, side: 7 },
  { width: 61, height: 97, halo: 5, side: 16 },
  { width: 30, height: 20, halo: 0, side: 1 },
];

for (const { width, height, halo, side } of CASES) {
  test(`${width} x ${height} in tiles of ${side}: each pixel once, with its halo`, () => {
    const scale = 3;
    const painted = new Uint8Array(width * height * scale ** 2);
    for (const { read, kept, target } of planTiles({ width, height }, { halo, side, scale })) {
      assert.ok(read.width <= side && read.height <= side);
      assert.deepEqual([read.x * scale + kept.x, read.y * scale + kept.y], [target.x, target.y]);
      for (let y = target.y; y < target.y + kept.height; y++) {
        for (let x = target.x; x < target.x + kept.width; x++) painted[y * width * scale + x] += 1;
      }
      for (const [at, length, from, kept_from, kept_length, whole] of [
        [target.x / scale, read.width, read.x, kept.x, kept.width, width],
        [target.y / scale, read.height, read.y, kept.y, kept.height, height],
      ]) {
        const end = at + kept_length / scale;
        assert.equal(at, from + kept_from / scale);
        assert.ok(from <= Math.max(0, at - halo), 'the halo before is cut');
        assert.ok(from + length >= Math.min(whole, end + halo), 'the halo behind is cut');
      }
    }
    assert.ok(painted.every((count) => count === 1));
  });
}

test('tiles that leave nothing inside the halo are refused', () => {
  const options = { halo: 4, side: 8, scale: 2 };
  assert.throws(() => planTiles({ width: 9, height: 9 }, options), RangeError);
  assert.equal(planTiles({ width: 9, height: 9 }, { ...options, side: smallestSide(4) }).length, 1);
});

test('sides halve until nothing is left inside the halo', () => {
  const entry = /** @type {any} */ ({ head: 'direct', halo: 18 });
  assert.equal(startSide(entry), 256);
  assert.equal(startSide({ ...entry, head: 'pixelshuffle' }), 128);
  assert.deepEqual([256, 128, 64].map((side) => smallerSide(side, 18)), [128, 64, null]);
});

test('the time left follows the pixels, not the number of tiles', () => {
  assert.equal(estimate([100, 100, 50], 1, 10), 15);
  assert.equal(estimate([100, 100, 50], 3, 10), 0);
});
