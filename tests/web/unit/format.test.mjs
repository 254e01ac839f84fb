import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as format from '../../../web_demo/src/ui/format.js';

/** @type {[number, string][]} */
const DURATIONS = [
  [0.2, 'less than a second'],
  [1, '1 second'],
  [59.4, '59 seconds'],
  [59.6, '1 min 0 s'],
  [3700, '1 h 1 min'],
];
for (const [seconds, text] of DURATIONS) {
  test(`${seconds} s is ${text}`, () => assert.equal(format.formatDuration(seconds), text));
}

const NAMES = [
  ['photo.jpg', 'photo@4x.png'],
  ['holiday.2024.heic', 'holiday.2024@4x.png'],
  ['..\\folder/evil\u0000<name>.png', 'evilname@4x.png'],
  ['', 'picture@4x.png'],
  ['.png', 'picture@4x.png'],
];
for (const [name, result] of NAMES) {
  test(`the result of ${JSON.stringify(name)} is ${result}`, () =>
    assert.equal(format.resultName(name, '4x', 'png'), result));
}

test('sizes and times have the digits that mean something', () => {
  assert.equal(format.formatSize({ width: 12000, height: 800 }), '12,000 × 800');
  assert.equal(format.formatMegapixels(24.2e6), '24 megapixels');
  assert.equal(format.formatMegapixels(0.54e6), '0.5 megapixels');
  assert.equal(format.formatMilliseconds(8.1234), '8.12 ms');
  assert.equal(format.formatMilliseconds(412.7), '413 ms');
});
