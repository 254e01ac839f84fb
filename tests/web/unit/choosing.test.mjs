/** What the self-test remembers, and what it says if nothing passes. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { TIMEOUT_SECONDS } from '../../../web_demo/src/engine/inference.js';
import { choose } from '../../../web_demo/src/engine/self_test.js';
import { fakeWorkers } from './fake_worker.mjs';

const DEVICE = /** @type {any} */ ({ gpu: 'hardware', gpuName: '', isolated: false, cores: 1 });
const GOOD = { image: { width: 1, height: 1, values: new Float32Array([0.5, 0.5, 0.5]) } };
const WRONG = { image: { width: 1, height: 1, values: new Float32Array([0, 0, 0]) } };

const SILENCE = {};

/** A model whose only golden sample is its own output. */
const FILE = { url: 'file', sha256: sha256(GOOD.image.values) };
const SAMPLE = { ...FILE, width: 1, height: 1, dtype: 'float32', stride: 1 };
const ENTRY = /** @type {any} */ ({ ...FILE, label: '', golden: [{ input: SAMPLE, output: SAMPLE }] });

/** @param {Float32Array} values */
function sha256(values) {
  return createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
}

/**
 * Choose a backend.
 *
 * @param {import('node:test').TestContext} test
 * @param {(backend: string, asked: import('./fake_worker.mjs').Asked) => object|null} fail What a worker
 *   says instead of the right answer.
 * @param {any} [asked]
 */
async function chooseWith(test, fail, asked = 'auto') {
  /** @type {string[]} */
  const written = [];
  const { fetch } = globalThis;
  Object.assign(globalThis, {
    fetch: async () => new Response(GOOD.image.values),
    localStorage: { getItem: () => null, setItem: (_, text) => written.push(text) },
  });
  test.after(() => Object.assign(globalThis, { fetch, localStorage: undefined }));
  const succeed = (/** @type {{image?: object}} */ { image }) => ({
    answer: image ? GOOD : { resources: [] },
  });
  fakeWorkers(test, (request, { backend }) => {
    const said = fail(backend, request) ?? succeed(request);
    return said === SILENCE ? null : said;
  });
  const { signal } = new AbortController();
  const outcome = await choose(ENTRY, DEVICE, asked, signal).catch((error) => error);
  return { written, outcome };
}

test('a backend that computed a wrong picture is remembered, under the address of the engine', async (t) => {
  const { written, outcome } = await chooseWith(t, (backend, { image }) =>
    backend === 'webgpu' && image ? { answer: WRONG } : null,
  );
  assert.equal(outcome.choice.backend, 'wasm');
  const [key] = Object.keys(JSON.parse(written[0]));
  assert.match(key, /self_test\.js/);
});

for (const [what, failure] of Object.entries({
  'an engine that could not be fetched': { error: 'Are you online?', code: 'network' },
  'a driver that was busy': { error: 'The device was lost.' },
})) {
  test(`${what} is not remembered`, async (t) => {
    const { written, outcome } = await chooseWith(t, (backend) =>
      backend === 'webgpu' ? failure : null,
    );
    assert.equal(outcome.choice.backend, 'wasm');
    assert.match(outcome.choice.reason, /WebGPU.*It failed/);
    assert.deepEqual(written, []);
  });
}

test('a backend that never answers is remembered', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { written, outcome } = await chooseWith(t, (backend, { image }) => {
    if (backend !== 'webgpu' || !image) return null;
    setImmediate(() => t.mock.timers.tick(1000 * TIMEOUT_SECONDS));
    return SILENCE;
  });
  assert.match(outcome.choice.reason, /did not answer/);
  assert.equal(written.length, 1);
});

test('without a network the error is not about the device', async (t) => {
  const { outcome } = await chooseWith(t, (backend, { image }) => {
    if (backend === 'wasm') return { error: 'Are you online?', code: 'network' };
    return image ? { answer: WRONG } : null;
  });
  assert.deepEqual([outcome.code, outcome.message], ['network', 'Are you online?']);
});

test('a backend that was asked for and fails says why', async (t) => {
  const fail = () => ({ error: 'No adapter.' });
  const { outcome } = await chooseWith(t, fail, 'webgpu');
  assert.equal(outcome.code, 'no-backend');
  const [{ backend, reason }] = outcome.trials;
  assert.deepEqual([backend, reason], ['webgpu', 'It failed: No adapter.']);
});
