import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { spreadColors } from '../../../mobile_runtime/javascript/hidden_colors.js';
import { pixels } from './pictures.mjs';

/** Also read by tests/test_hidden_colors.py. */
const SHARED = JSON.parse(
  readFileSync(new URL('hidden_colors.json', import.meta.url), 'utf8'),
);

const HIDDEN = [0, 0, 0, 0];
const WHITE = [255, 255, 255, 255];

/** @param {number} width @param {number[][]} colors RGBA of each pixel. */
const picture = (width, colors) => pixels(width, colors.length / width, colors.flat());

/** @param {ReturnType<typeof picture>} spread @param {number} i */
const at = ({ data }, i) => [...data.subarray(4 * i, 4 * i + 4)];

const noPause = async () => assert.fail('a small picture is done in one go');

test('what is cut out of white stays white around its edge, and as transparent as it was', async () => {
  const cutout = picture(20, Array.from({ length: 400 }, (_, i) => (i === 210 ? WHITE : HIDDEN)));
  await spreadColors(cutout, noPause);
  for (const near of [209, 211, 190, 230, 189, 231, 210 - 8, 210 + 8 * 20]) {
    assert.deepEqual(at(cutout, near), [255, 255, 255, 0], `pixel ${near}`);
  }
  assert.deepEqual(at(cutout, 210), WHITE);
  assert.deepEqual(at(cutout, 201), HIDDEN, 'farther than that nothing is done');
});

test('the nearest color is taken, from both sides', async () => {
  const [red, blue] = [[200, 0, 0, 255], [0, 0, 200, 9]];
  const row = picture(6, [red, HIDDEN, HIDDEN, HIDDEN, HIDDEN, blue]);
  await spreadColors(row, noPause);
  const expected = [200, 200, 200, 0, 0, 0];
  assert.deepEqual(expected.map((_, i) => at(row, i)[0]), expected);
  assert.deepEqual(at(row, 4), [0, 0, 200, 0]);
});

test('a color does not run from the end of a row into the next', async () => {
  const rows = Array.from({ length: 24 }, (_, i) => (i === 11 ? WHITE : HIDDEN)); // 12 wide
  const two = picture(12, rows);
  await spreadColors(two, noPause);
  assert.deepEqual(at(two, 12), HIDDEN);
  assert.deepEqual(at(two, 23), [255, 255, 255, 0]);
});

test('nothing to spread, nothing to do', async () => {
  for (const color of [HIDDEN, WHITE]) {
    const plain = picture(3, Array(9).fill(color));
    await spreadColors(plain, noPause);
    assert.deepEqual(plain, picture(3, Array(9).fill(color)));
  }
});

test('a large picture is done in parts, across which colors spread', async () => {
  const [width, height] = [1000, 4001];
  const large = { width, height, data: new Uint8ClampedArray(4 * width * height) };
  const visible = [999, 2001, 4000].map((y) => y * width + 500); // parts are of 1,000 rows
  for (const i of visible) large.data.set(WHITE, 4 * i);
  let pauses = 0;
  await spreadColors(large, async () => void pauses++);
  assert.equal(pauses, 10);
  for (const i of visible) assert.deepEqual(at(large, i - 3 * width - 2), [255, 255, 255, 0]);
  assert.deepEqual(at(large, 2004 * width + 500), [255, 255, 255, 0]);
  assert.deepEqual(at(large, 3000 * width), HIDDEN);
});

for (const { name, width, pixels: stored, spread } of SHARED) {
  test(`${name}: as the program does it`, async () => {
    const cutout = pixels(width, stored.length / 4 / width, stored);
    await spreadColors(cutout, noPause);
    assert.deepEqual([...cutout.data], spread);
  });
}
