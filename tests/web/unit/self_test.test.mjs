import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  chooseThreads,
  describeDevice,
  isIos,
  planTrials,
} from '../../../mobile_runtime/javascript/device.js';
import { EQUAL_DB, psnrDb } from '../../../mobile_runtime/javascript/parity.js';
import { assess } from '../../../mobile_runtime/javascript/self_test.js';

const DESKTOP = Object.freeze({
  gpu: /** @type {const} */ ('hardware'),
  gpuName: '',
  isolated: true,
  ios: false,
  cores: 8,
  userAgent: '',
});

const DEVICES = [
  { what: 'a good device', device: {}, tried: ['webgpu', 'wasm-threads', 'wasm'] },
  { what: 'no WebGPU', device: { gpu: 'none' }, tried: ['wasm-threads', 'wasm'] },
  { what: 'a software GPU', device: { gpu: 'software' }, tried: ['wasm-threads', 'wasm'] },
  { what: 'no isolation', device: { isolated: false }, tried: ['webgpu', 'wasm'] },
  { what: 'one core', device: { cores: 1 }, tried: ['webgpu', 'wasm'] },
  { what: 'an iPhone', device: { ios: true }, tried: ['wasm'] },
];

for (const { what, device, tried } of DEVICES) {
  test(`${what}: ${tried.join(', ')}, and a reason for each of the others`, () => {
    const plan = planTrials(/** @type {any} */ ({ ...DESKTOP, ...device }));
    assert.deepEqual(plan.candidates, tried);
    assert.equal(plan.skipped.length, 3 - tried.length);
    for (const trial of plan.skipped) assert.match(trial.reason, /^[A-Z].+\.$/);
  });
}

for (const { where, adapter } of [
  { where: 'its description', adapter: { info: { isFallbackAdapter: true } } },
  { where: 'the adapter, as in older browsers', adapter: { info: {}, isFallbackAdapter: true } },
]) {
  test(`a software GPU is known by ${where}`, async (t) => {
    const value = { userAgent: '', gpu: { requestAdapter: async () => adapter } };
    Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
    t.after(() => Reflect.deleteProperty(globalThis, 'navigator'));
    assert.equal((await describeDevice()).gpu, 'software');
  });
}

for (const [userAgent, maxTouchPoints, expected] of /** @type {const} */ ([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)', 5, true],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 5, true],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 0, false],
  ['Mozilla/5.0 (Linux; Android 15)', 5, false],
])) {
  test(`${userAgent}, ${maxTouchPoints} fingers: ${expected ? 'iOS' : 'not iOS'}`, () => {
    assert.equal(isIos({ userAgent, maxTouchPoints }), expected);
  });
}

for (const [cores, threads] of [[2, 2], [4, 2], [6, 3], [8, 4], [64, 4]]) {
  test(`${cores} cores: ${threads} threads`, () => {
    assert.equal(chooseThreads('wasm-threads', { ...DESKTOP, cores: Number(cores) }), threads);
    assert.equal(chooseThreads('wasm', { ...DESKTOP, cores: Number(cores) }), 1);
  });
}

/** @param {number[]} values Of each color. */
const image = (...values) => ({
  ...{ width: values.length, height: 1, stride: 1 },
  values: new Float32Array([...values, ...values, ...values]),
});

test('one tenth everywhere is twenty decibels', () => {
  assert.ok(Math.abs(Number(psnrDb(image(0.5, 0), image(0.6, 0.1))) - 20) < 1e-5);
});

test('equal images have a figure too', () => assert.equal(psnrDb(image(1, 2), image(1, 2)), EQUAL_DB));

for (const [what, actual] of /** @type {const} */ ([
  ['another size', image(0.5)],
  ['values that are not numbers', image(0.5, NaN)],
])) {
  test(`${what} is no picture`, () => assert.equal(psnrDb(image(0.5, 0), actual), null));
}

/** A row of which the columns 0, 3, 6 and 7 are kept; the others are wrong. */
const WHOLE = image(0, 9, 9, 3, 9, 9, 6, 7);
const KEPT = { ...WHOLE, stride: 3, values: image(0, 3, 6, 7).values };

test('what a golden sample keeps is compared, and nothing else', () => {
  assert.equal(psnrDb(KEPT, WHOLE), EQUAL_DB);
  for (const column of [0, 3, 6, 7]) {
    const values = WHOLE.values.with(2 * WHOLE.width + column, 0.5);
    assert.notEqual(psnrDb(KEPT, { ...WHOLE, values }), EQUAL_DB);
  }
});

test('a golden sample that is too short makes no verdict', () => {
  assert.equal(psnrDb({ ...KEPT, values: KEPT.values.subarray(1) }, WHOLE), null);
});

for (const [psnr, passed] of /** @type {const} */ ([[50, true], [49.9, false], [null, false]])) {
  test(`${psnr} dB ${passed ? 'passes' : 'fails'}`, () => {
    assert.equal(assess('webgpu', psnr, 9).passed, passed);
  });
}
