import assert from 'node:assert/strict';
import { test } from 'node:test';

import { upscaleAlpha } from '../../../mobile_runtime/javascript/alpha.js';
import {
  crop,
  hasTransparency,
  isFinite,
  isGray,
  removeColor,
  toImage,
  toPixels,
} from '../../../mobile_runtime/javascript/pixels.js';

/** @param {number[]} values Of one row, three equal colors each. */
const gray = (values) => ({
  width: values.length,
  height: 1,
  values: new Float32Array([...values, ...values, ...values]),
});

const whole = ({ width, height }) => ({ x: 0, y: 0, width, height });

test('all 8-bit values survive the way to float and back', () => {
  const data = Uint8ClampedArray.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : i / 4));
  const pixels = { width: 16, height: 16, data };
  assert.deepEqual(toPixels(toImage(pixels), whole(pixels)), pixels);
});

test('an image is one color after the other', () => {
  const pixels = { width: 2, height: 1, data: new Uint8ClampedArray([255, 0, 51, 9, 0, 255, 0, 9]) };
  assert.deepEqual([...toImage(pixels).values], [1, 0, 0, 1, 0.2, 0].map(Math.fround));
});

test('values are clipped, and halves go to the even neighbor, as numpy rounds', () => {
  const half = [0.5, 1.5, 2.5, 253.5, 254.5].map((value) => value / 255);
  const image = gray([-0.1, 1.1, ...half]);
  const red = toPixels(image, whole(image)).data.filter((_, i) => i % 4 === 0);
  assert.deepEqual([...red], [0, 255, 0, 2, 2, 254, 254]);
});

test('a picture is gray if its colors are equal in every pixel, whatever its transparency', () => {
  const data = new Uint8ClampedArray([7, 7, 7, 255, 90, 90, 90, 0]);
  assert.equal(isGray({ width: 2, height: 1, data }), true);
  for (const color of [4, 5, 6]) {
    const changed = new Uint8ClampedArray(data);
    changed[color] = 91;
    assert.equal(isGray({ width: 2, height: 1, data: changed }), false);
  }
});

test('without color, the luma is in all three, and gray stays what it is', () => {
  const image = { width: 2, height: 1, values: new Float32Array([1, 0.25, 0, 0.25, 0.5, 0.25]) };
  removeColor(image);
  assert.deepEqual([...toPixels(image, whole(image)).data], [91, 91, 91, 255, 64, 64, 64, 255]);
  const grays = gray(Array.from({ length: 256 }, (_, i) => i / 255));
  const before = toPixels(grays, whole(grays)).data;
  removeColor(grays);
  assert.deepEqual(toPixels(grays, whole(grays)).data, before);
});

test('a piece is cut where it is asked for', () => {
  const data = Uint8ClampedArray.from({ length: 4 * 12 }, (_, i) => i);
  const piece = crop({ width: 4, height: 3, data }, { x: 1, y: 1, width: 2, height: 2 });
  assert.deepEqual([...piece.data.filter((_, i) => i % 4 === 0)], [20, 24, 36, 40]);
});

test('one pixel that is not opaque is transparency', () => {
  const data = new Uint8ClampedArray(8).fill(255);
  assert.equal(hasTransparency({ width: 2, height: 1, data }), false);
  data[7] = 254;
  assert.equal(hasTransparency({ width: 2, height: 1, data }), true);
});

for (const [value, expected] of [[NaN, false], [Infinity, false], [-3, true]]) {
  test(`${value} is ${expected ? 'a' : 'no'} number`, () => {
    assert.equal(isFinite(gray([0, Number(value)])), expected);
  });
}

// numpy.asarray(Image.fromarray(alpha).resize((W, H), Image.BICUBIC)), Pillow 13.0.0
const ALPHA = [
  { scale: 2, width: 3, alpha: [0, 88, 107, 214, 72, 255], expected: [0, 1, 65, 98, 95, 96, 47, 51, 72, 99, 128, 139, 180, 148, 86, 102, 194, 225, 247, 198, 93, 103, 227, 255] },
  { scale: 3, width: 2, alpha: [0, 194, 190, 255], expected: [0, 0, 42, 125, 188, 210, 0, 0, 58, 136, 194, 214, 55, 57, 103, 166, 212, 226, 128, 133, 164, 206, 237, 243, 183, 190, 209, 236, 255, 255, 202, 210, 225, 247, 255, 255] },
  { scale: 4, width: 2, alpha: [0, 255], expected: [0, 0, 22, 89, 166, 233, 255, 255, 0, 0, 22, 89, 166, 233, 255, 255, 0, 0, 22, 89, 166, 233, 255, 255, 0, 0, 22, 89, 166, 233, 255, 255] },
];

for (const { scale, width, alpha, expected } of ALPHA) {
  test(`transparency x${scale} is Pillow's bicubic`, () => {
    const height = alpha.length / width;
    const tile = { width, height, data: new Uint8ClampedArray(4 * alpha.length) };
    alpha.forEach((value, i) => (tile.data[4 * i + 3] = value));
    const area = { x: 0, y: 0, width: width * scale, height: height * scale };
    const result = { ...area, data: new Uint8ClampedArray(4 * area.width * area.height) };
    upscaleAlpha(tile, scale, area, result);
    assert.deepEqual([...result.data.filter((_, i) => i % 4 === 3)], expected);
  });
}
