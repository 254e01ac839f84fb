/** The page's end of a worker: how long it waits, and for what. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Inference, TIMEOUT_SECONDS } from '../../../web_demo/src/engine/inference.js';
import { explain } from '../../../web_demo/src/engine/tile_run.js';
import { fakeWorkers } from './fake_worker.mjs';

const SETUP = /** @type {any} */ ({ backend: 'wasm' });

test('the engine may take any time to arrive; then the device must answer', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  /** @type {() => void} */
  let arrive = () => {};
  fakeWorkers(t, ({ engine }, worker) => {
    if (engine) arrive = () => worker.onmessage({ data: { id: 0, answer: { engine } } });
    return null;
  });
  const opening = Inference.open(SETUP);
  t.mock.timers.tick(100 * TIMEOUT_SECONDS * 1000);
  arrive();
  await new Promise(setImmediate);
  t.mock.timers.tick(TIMEOUT_SECONDS * 1000);
  await assert.rejects(opening, { name: 'InferenceError', message: /did not answer/ });
});

test('an engine that cannot be fetched is told as what it is', async (t) => {
  fakeWorkers(t, () => ({ error: 'The engine cannot be loaded. Are you online?', code: 'network' }));
  const error = /** @type {any} */ (await Inference.open(SETUP).catch(explain));
  assert.deepEqual([error.name, error.code], ['UpscalerError', 'network']);
  assert.match(error.message, /^The engine cannot be loaded/);
});
