/** What the self-test remembers, and what it says if nothing passes. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { START_TIMEOUT_SECONDS } from '../../../mobile_runtime/javascript/inference.js';
import { choose } from '../../../mobile_runtime/javascript/self_test.js';
import { fakeWorkers } from './fake_worker.mjs';

const DEVICE = /** @type {any} */ ({ gpu: 'hardware', gpuName: '', isolated: false, cores: 1 });
const GOOD = { milliseconds: 9, image: { width: 1, height: 1, values: new Float32Array([0.5, 0.5, 0.5]) } };
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
 * @param {(url: string) => boolean} [isOffline]
 */
async function chooseWith(test, fail, asked = 'auto', isOffline = () => false) {
  /** @type {string[]} */
  const written = [];
  const { fetch } = globalThis;
  Object.assign(globalThis, {
    fetch: async (/** @type {URL|string} */ url) => {
      if (isOffline(`${url}`)) throw new TypeError('Failed to fetch');
      return new Response(GOOD.image.values);
    },
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

// First: what was fetched once is kept for all tests.
test('without a network the error is not about the device', async (t) => {
  const isOffline = (/** @type {string} */ url) => url.endsWith('threaded.wasm');
  const fail = (/** @type {string} */ _, /** @type {any} */ { image }) => (image ? { answer: WRONG } : null);
  const { outcome } = await chooseWith(t, fail, 'auto', isOffline);
  assert.equal(outcome.code, 'network');
  assert.match(outcome.message, /^The engine cannot be loaded. Are you online/);
});

test('a backend that computed a wrong picture is remembered, under the address of the engine', async (t) => {
  const { written, outcome } = await chooseWith(t, (backend, { image }) =>
    backend === 'webgpu' && image ? { answer: WRONG } : null,
  );
  assert.equal(outcome.choice.backend, 'wasm');
  const [key] = Object.keys(JSON.parse(written[0]));
  assert.match(key, /self_test\.js/);
});

for (const [what, failure] of Object.entries({
  'an engine that could not be opened': { error: 'Out of luck.' },
  'a driver that was busy': { error: 'The device was lost.' },
})) {
  test(`${what} is not remembered`, async (t) => {
    const { written, outcome } = await chooseWith(t, (backend) =>
      backend === 'webgpu' ? failure : null,
    );
    assert.equal(outcome.choice.backend, 'wasm');
    assert.match(outcome.choice.reason, /Graphics chip.*It failed/);
    assert.deepEqual(written, []);
  });
}

test('a backend that twice does not answer is remembered', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { written, outcome } = await chooseWith(t, (backend, { image }) => {
    if (backend !== 'webgpu' || !image) return null;
    setImmediate(() => t.mock.timers.tick(1000 * START_TIMEOUT_SECONDS));
    return SILENCE;
  });
  assert.match(outcome.choice.reason, /did not answer/);
  assert.equal(written.length, 1);
});

test('a backend that answers at the second try is used', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let hung = 0;
  const { written, outcome } = await chooseWith(t, (backend, { image }) => {
    if (backend !== 'webgpu' || !image || hung++) return null;
    setImmediate(() => t.mock.timers.tick(1000 * START_TIMEOUT_SECONDS));
    return SILENCE;
  });
  assert.equal(outcome.choice.backend, 'webgpu');
  assert.ok(!written[0].includes('did not answer'));
});

for (const [gpuMs, fastest] of /** @type {const} */ ([[5, 'webgpu'], [50, 'wasm']])) {
  test(`with ${gpuMs} ms a tile against 9, ${fastest} is chosen, and the time is said`, async (t) => {
    const { outcome } = await chooseWith(t, (backend, { image }) =>
      backend === 'webgpu' && image ? { answer: { ...GOOD, milliseconds: gpuMs } } : null,
    );
    assert.equal(outcome.choice.backend, fastest);
    assert.match(outcome.choice.reason, new RegExp(`Graphics chip: .*${gpuMs} ms`));
  });
}

test('a backend that was asked for and fails says why', async (t) => {
  const fail = () => ({ error: 'No adapter.' });
  const { outcome } = await chooseWith(t, fail, 'webgpu');
  assert.equal(outcome.code, 'no-backend');
  const [{ backend, reason }] = outcome.trials;
  assert.deepEqual([backend, reason], ['webgpu', 'It failed: No adapter.']);
});
