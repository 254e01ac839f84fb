import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as size from '../../../web_demo/src/ui/result_size.js';

const PHOTO = { width: 6000, height: 4000 };
const upTo = (limit) => (result) => result.width * result.height <= limit;

test('24 megapixels can be doubled on a desktop, not on a small phone', () => {
  const scales = [2, 3, 4];
  assert.equal(size.largestScale(PHOTO, scales, upTo(size.resultPixelLimit(8))), 2);
  assert.equal(size.largestScale(PHOTO, scales, upTo(size.resultPixelLimit(2))), null);
});

test('a part that can be held is left as it is, in whole pixels', () => {
  const part = { x: 10.4, y: 20.6, width: 99.5, height: 49.5 };
  assert.deepEqual(size.holdablePart(part, 4, upTo(1e9)), { x: 10, y: 20, width: 100, height: 50 });
});

test('a part that is too large shrinks around its middle and stays inside', () => {
  const part = size.holdablePart({ x: 0, y: 0, ...PHOTO }, 4, upTo(100e6));
  assert.ok(part.width * part.height * 16 <= 100e6);
  assert.ok(part.width * part.height * 16 > 60e6, 'not smaller than it need be');
  assert.ok(Math.abs(part.x + part.width / 2 - 3000) <= 1);
  assert.ok(Math.abs(part.y + part.height / 2 - 2000) <= 1);
});

test('the last pixel of a picture is never passed', () => {
  for (const start of [0.1, 0.5, 0.9]) {
    const part = size.holdablePart({ x: start, y: 0, width: 8 - start, height: 5 }, 2, upTo(1e9));
    assert.ok(part.x + part.width <= 8);
  }
});

test('a width is reached by the smallest scale that is enough, and never passed', () => {
  const photo = { width: 400, height: 301 };
  const plan = (/** @type {number} */ width) => size.planResult(photo, { scale: NaN, width }, [2, 3, 4]);
  assert.deepEqual(plan(500), { scale: 2, size: { width: 500, height: 376 }, label: '500w' });
  assert.equal(plan(800).scale, 2);
  assert.equal(plan(801).scale, 3);
  assert.deepEqual(plan(9999), { scale: 4, size: { width: 1600, height: 1204 }, label: '1600w' });
  assert.throws(() => plan(400), /that wide already/);
  for (const wrong of [NaN, 0, 500.5]) assert.throws(() => plan(wrong), /whole pixels/);
  const twice = size.planResult(photo, { scale: 2, width: null }, []);
  assert.deepEqual(twice, { scale: 2, size: { width: 800, height: 602 }, label: '2x' });
});
