import assert from 'node:assert/strict';
import { test } from 'node:test';

import { enlargeBicubic } from '../../../web_demo/src/ui/bicubic.js';
import { opaque, pixels } from './pictures.mjs';

const PICTURE = opaque(4, 3, (x, y, channel) => (x * 97 + y * 61 + channel * 29) % 256);

/** By `mobile_runtime.imaging.metrics.resize_bicubic`: row and channel of the result, and what is there. */
const BY_PYTHON = {
  2: [
    { row: 0, channel: 0, values: [0, 16, 66, 121, 182, 163, 64, 14] },
    { row: 3, channel: 1, values: [98, 131, 197, 172, 57, 38, 114, 153] },
    { row: 5, channel: 2, values: [203, 146, 32, 12, 88, 152, 204, 230] },
  ],
  3: [
    { row: 0, channel: 0, values: [0, 0, 23, 56, 90, 131, 173, 187, 147, 79, 28, 10] },
    { row: 4, channel: 1, values: [79, 90, 125, 170, 187, 143, 72, 28, 45, 90, 125, 136] },
    { row: 8, channel: 2, values: [208, 187, 127, 46, 0, 20, 74, 125, 163, 198, 222, 233] },
  ],
  4: [
    {
      row: 0,
      channel: 0,
      values: [0, 0, 7, 27, 52, 78, 104, 137, 169, 187, 178, 139, 87, 42, 19, 9],
    },
    {
      row: 5,
      channel: 1,
      values: [71, 77, 91, 122, 156, 177, 172, 135, 87, 50, 41, 57, 85, 110, 121, 126],
    },
    {
      row: 11,
      channel: 2,
      values: [209, 197, 170, 117, 55, 10, 1, 25, 66, 109, 139, 168, 194, 215, 227, 233],
    },
  ],
};

for (const [scale, lines] of Object.entries(BY_PYTHON)) {
  test(`x${scale} gives the numbers of resize_bicubic`, () => {
    const whole = { x: 0, y: 0, width: 4 * Number(scale), height: 3 * Number(scale) };
    const result = enlargeBicubic(PICTURE, Number(scale), whole);
    for (const { row, channel, values } of lines) {
      const line = result.data.subarray(row * whole.width * 4, (row + 1) * whole.width * 4);
      assert.deepEqual(
        [...line].filter((_, at) => at % 4 === channel),
        values,
      );
    }
  });
}

test('a region equals the same part of the whole', () => {
  const whole = enlargeBicubic(PICTURE, 3, { x: 0, y: 0, width: 12, height: 9 });
  const region = { x: 5, y: 2, width: 4, height: 6 };
  const part = enlargeBicubic(PICTURE, 3, region);
  for (let y = 0; y < region.height; y++) {
    const from = ((region.y + y) * 12 + region.x) * 4;
    assert.deepEqual(
      part.data.subarray(y * region.width * 4, (y + 1) * region.width * 4),
      whole.data.subarray(from, from + region.width * 4),
    );
  }
});

test('colors that are not seen do not shine through', () => {
  const green = [0, 255, 0, 0];
  const red = [200, 0, 0, 255];
  const { data } = enlargeBicubic(pixels(2, 1, [...green, ...red]), 4, {
    x: 0,
    y: 0,
    width: 8,
    height: 4,
  });
  const seen = Array.from({ length: 32 }, (_, i) => [...data.subarray(i * 4, i * 4 + 4)]).filter(
    ([, , , alpha]) => alpha > 64,
  );
  assert.ok(seen.length > 10);
  for (const [r, g] of seen) {
    assert.equal(g, 0);
    assert.ok(Math.abs(r - 200) <= 3, `red ${r}`);
  }
});

test('a picture of one pixel stays of one color', () => {
  const { data } = enlargeBicubic(pixels(1, 1, [9, 8, 7, 255]), 4, {
    x: 1,
    y: 1,
    width: 2,
    height: 1,
  });
  assert.deepEqual([...data], [9, 8, 7, 255, 9, 8, 7, 255]);
});
