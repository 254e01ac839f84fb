/** The page's end of a worker: how long it waits, and for what. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Inference, START_TIMEOUT_SECONDS } from '../../../mobile_runtime/javascript/inference.js';
import { explain } from '../../../mobile_runtime/javascript/tile_run.js';
import { fakeWorkers } from './fake_worker.mjs';

const SETUP = /** @type {any} */ ({ backend: 'wasm-threads' });

test('the engine may take any time to arrive; then the device must answer', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  /** @type {(response: Response) => void} */
  let arrive = () => {};
  const { fetch } = globalThis;
  Object.assign(globalThis, { fetch: () => new Promise((resolve) => (arrive = resolve)) });
  t.after(() => Object.assign(globalThis, { fetch }));
  fakeWorkers(t, ({ engine }) => (engine ? { answer: { engine } } : null));
  const opening = Inference.open(SETUP);
  t.mock.timers.tick(100 * START_TIMEOUT_SECONDS * 1000);
  arrive(new Response(''));
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  t.mock.timers.tick(START_TIMEOUT_SECONDS * 1000);
  await assert.rejects(opening, { name: 'InferenceError', message: /did not answer/ });
});

test('an engine that cannot be fetched is told as what it is, and fetched once when it can', async (t) => {
  let asked = 0;
  const missing = () => new Response('', { status: 404 });
  const answers = [missing(), missing(), new Response('engine')];
  const { fetch } = globalThis;
  Object.assign(globalThis, { fetch: async () => answers[asked++] });
  t.after(() => Object.assign(globalThis, { fetch }));
  fakeWorkers(t, () => ({ answer: { resources: [] } }));
  const setup = /** @type {any} */ ({ backend: 'webgpu' });
  const error = /** @type {any} */ (await Inference.open(setup).catch(explain));
  assert.deepEqual([error.name, error.code], ['UpscalerError', 'model-missing']);
  assert.match(error.message, /^The engine is missing/);
  await Inference.open(setup);
  await Inference.open(setup);
  assert.equal(asked, 3);
});

test('a GPU that goes away is told at once', async (t) => {
  /** @type {any} */
  let worker;
  fakeWorkers(t, (asked, asker) => {
    worker = asker;
    return 'tile' in asked ? null : { answer: { resources: [] } };
  });
  const inference = await Inference.open(SETUP);
  const tile = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  const running = inference.upscale(tile, { x: 0, y: 0, width: 2, height: 2 }, { gray: false });
  worker.onmessage({ data: { lost: 'The device was destroyed.' } });
  await assert.rejects(running, /The graphics chip stopped/);
  assert.ok(inference.closed);
});
