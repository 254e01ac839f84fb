/** The figures are those of tests/test_benchmark.py. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compare, orderOf, summarize } from '../../../mobile_runtime/javascript/statistics.js';

/**
 * @param {number|null} actual
 * @param {number} expected
 */
const near = (actual, expected) => assert.ok(Math.abs(Number(actual) - expected) < 1e-9, `${actual}`);

test('statistics are those computed by hand', () => {
  const samples = [3, 1, 2, 4, 100, 5, 6, 7, 8, 9];
  const found = summarize(samples);
  near(found.median_ms, 5.5);
  near(found.mean_ms, 14.5);
  near(found.trimmed_mean_ms, 5.5);
  near(found.min_ms, 1);
  near(found.p90_ms, 9 + 0.1 * 91);
  near(found.p95_ms, 9 + 0.55 * 91);
  near(found.stdev_ms, Math.sqrt(8182.5 / 9));
  assert.deepEqual(found.samples_ms, samples);
});

test('one run has no deviation', () => {
  const found = summarize([2]);
  assert.equal(found.stdev_ms, null);
  assert.deepEqual([found.median_ms, found.trimmed_mean_ms, found.p95_ms], [2, 2, 2]);
});

test('the ratio is that of the rounds', () => {
  const { median, p10, p90 } = compare([10, 22, 36, 40, 70], [10, 11, 12, 10, 14]);
  near(median, 3);
  near(p10, 1.4);
  near(p90, 4.6);
});

for (const [count, orders] of /** @type {const} */ ([
  [1, '0 0 0'],
  [2, '01 10 10 01'],
  [3, '012 210 120 021 201 102'],
])) {
  test(`the order of ${count} is rotated and reversed`, () => {
    const found = orders.split(' ').map((_, round) => orderOf(count, round).join(''));
    assert.equal(found.join(' '), orders);
  });
}
