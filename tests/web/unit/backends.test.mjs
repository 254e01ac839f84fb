import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backendsToMeasure } from '../../../web_demo/src/ui/backends.js';

for (const { what, userAgent, expected } of [
  { what: 'an iPhone, where WebGPU can crash the page', userAgent: 'iPhone', expected: ['wasm'] },
  { what: 'another device', userAgent: 'Linux', expected: ['wasm', 'webgpu'] },
]) {
  test(`${expected.join(' and ')} would be measured on ${what}`, async (t) => {
    const value = { userAgent, gpu: { requestAdapter: async () => ({ info: {} }) } };
    Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
    t.after(() => Reflect.deleteProperty(globalThis, 'navigator'));
    assert.deepEqual(await backendsToMeasure(), expected);
  });
}
