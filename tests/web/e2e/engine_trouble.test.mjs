/** What the engine makes of a device or a network that does not play along. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { CASES, loadEngine, openPage, readCatalog } from './engine_page.mjs';

/**
 * @param {import('playwright-core').Page} page
 * @param {string} backend
 * @returns {Promise<any>} The choice as `value`, or the error.
 */
function prepare(page, backend = 'auto') {
  return page.evaluate(async (backend) => {
    const { open, outcome } = /** @type {any} */ (globalThis);
    return outcome(open().then((upscaler) => upscaler.prepare({ scale: 2, backend })));
  }, backend);
}

/** The software GPU, taken for a real one. */
const REAL_GPU = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });";

test('without WebGPU the threads are used, and the reason is told', async (t) => {
  const { page } = await openPage(t);
  const { value } = await prepare(page);
  assert.equal(value.backend, 'wasm-threads');
  assert.ok(value.threads > 1);
  assert.match(value.reason, /gives no page the graphics chip/);
});

test('without isolation one thread is used, and the reason is told', async (t) => {
  const { page } = await openPage(t, { isolated: false });
  const { value } = await prepare(page);
  assert.deepEqual([value.backend, value.threads], ['wasm', 1]);
  assert.match(value.reason, /does not allow threads/);
});

test('a GPU that computes nothing fails the self-test, and the next backend is used', async (t) => {
  const { page } = await openPage(t, {
    gpu: true,
    script: REAL_GPU,
    prepend: 'GPUQueue.prototype.submit = () => {};',
  });
  const { value } = await prepare(page);
  assert.equal(value.backend, 'wasm-threads');
  assert.match(value.reason, /Graphics chip.*wrong picture/);
  const [webgpu] = value.trials;
  assert.ok(!webgpu.passed && webgpu.psnrDb < 50);
});

test('a GPU that cannot be opened fails the self-test, and the next backend is used', async (t) => {
  const { page } = await openPage(t, {
    gpu: true,
    script: REAL_GPU,
    prepend: "GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('lost'));",
  });
  const { value } = await prepare(page);
  assert.equal(value.backend, 'wasm-threads');
  assert.match(value.trials[0].reason, /^It failed: [A-Z]/);
});

test('a backend that was asked for and does not work is an error', async (t) => {
  const { page } = await openPage(t);
  const { code, message } = await prepare(page, 'webgpu');
  assert.equal(code, 'no-backend');
  assert.match(message, /Graphics chip.*Choose another/);
});

test('a model that computes something else is refused on every backend', async (t) => {
  const catalog = readCatalog('tiny');
  const [photograph, worst] = catalog.models[0].golden;
  [photograph.output, worst.output] = [worst.output, photograph.output];
  const { page } = await openPage(t, {
    intercept: (name) =>
      name.endsWith('models.json') ? { status: 200, content: JSON.stringify(catalog) } : null,
  });
  const { code, message } = await prepare(page);
  assert.equal(code, 'no-backend');
  assert.equal(message.match(/wrong picture/g)?.length, 2, message);
});

for (const [what, answer, expected] of /** @type {const} */ ([
  ['missing model', { status: 404, content: '' }, 'model-missing'],
  ['damaged model', { status: 200, content: 'something else' }, 'model-wrong'],
])) {
  test(`a ${what} is an error in words`, async (t) => {
    const { page } = await openPage(t, {
      intercept: (name) => (name.endsWith('.onnx') ? answer : null),
    });
    const { code, message } = await prepare(page);
    assert.equal(code, expected);
    assert.match(message, /Reload the page/);
  });
}

test('an engine that cannot be fetched is an error in words, and asked for again', async (t) => {
  let missing = true;
  const { page } = await openPage(t, {
    intercept: (name) => (missing && name.endsWith('.wasm') ? { status: 404, content: '' } : null),
  });
  const { code, message } = await prepare(page);
  assert.equal(code, 'model-missing');
  assert.match(message, /^The engine is missing.*404/);
  missing = false;
  assert.equal((await prepare(page)).value.backend, 'wasm-threads');
});

for (const [what, content] of [
  ['no list', '<!doctype html>'],
  ['an empty list', '{"models": []}'],
]) {
  test(`${what} of models is an error in words`, async (t) => {
    const { page } = await openPage(t, {
      intercept: (name) => (name.endsWith('models.json') ? { status: 200, content } : null),
    });
    assert.equal((await prepare(page)).code, 'model-wrong');
  });
}

test('a server that is gone is an error in words', async (t) => {
  const { page, server } = await openPage(t);
  server.close();
  const { code, message } = await prepare(page);
  assert.equal(code, 'network');
  assert.match(message, /online/);
});

test('a GPU that is lost in the middle of a picture is replaced, and no tile is computed twice', async (t) => {
  const { page } = await openPage(t, {
    gpu: true,
    script: REAL_GPU,
    // The processor is slower, as on the devices for which this is.
    prepend: `
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (...wanted) {
        const device = await requestDevice.apply(this, wanted);
        self.addEventListener('message', ({ data }) => 'tile' in data && data.id > 7 && device.destroy());
        return device;
      };
      const { now } = performance;
      performance.now = () => now.call(performance) * (self.GPUAdapter && self.isGpu ? 1e-6 : 1);
      self.addEventListener('message', ({ data }) => { if (data.engine) self.isGpu = data.engine === 'webgpu'; });
    `,
  });
  const found = await page.evaluate(async () => {
    const { open, notices } = /** @type {any} */ (globalThis);
    const upscaler = await open();
    const first = (await upscaler.prepare({ scale: 2, backend: 'auto' })).backend;
    const pixels = { width: 300, height: 8, data: new Uint8ClampedArray(4 * 300 * 8) };
    const wide = { width: 1200, height: 8, data: new Uint8ClampedArray(4 * 1200 * 8) };
    await upscaler.current.upscaleTiles(pixels, { onTile: () => {} });
    const columns = /** @type {number[]} */ ([]);
    await upscaler.current.upscaleTiles(wide, { onTile: (/** @type {any} */ { x }) => columns.push(x) });
    return { first, then: upscaler.choice.backend, columns, notices };
  });
  assert.deepEqual([found.first, found.then], ['webgpu', 'wasm-threads']);
  assert.equal(new Set(found.columns).size, found.columns.length);
  assert.match(found.notices.join(), /Graphics chip: it failed. Going on: Processor/);
});

test('cancelling stops in the middle of a tile, and the next picture works', async (t) => {
  const { page } = await openPage(t, { page: 'full' });
  const { scale } = readCatalog('full').models[0];
  const found = await page.evaluate(async (scale) => {
    const { open, outcome } = /** @type {any} */ (globalThis);
    const upscaler = await open();
    await upscaler.prepare({ scale, backend: 'wasm' });
    const picture = (/** @type {number} */ side) => ({
      width: side,
      height: side,
      data: new Uint8ClampedArray(4 * side * side).fill(255),
    });
    const controller = new AbortController();
    let tiles = 0;
    const onTile = () => (tiles += 1);
    const work = outcome(upscaler.current.upscaleTiles(picture(256), { signal: controller.signal, onTile }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const start = performance.now();
    controller.abort();
    const { name } = await work;
    const cancelMs = performance.now() - start;
    const before = tiles;
    await upscaler.current.upscaleTiles(picture(16), { onTile });
    return { name, cancelMs, before, after: tiles };
  }, scale);
  assert.equal(found.name, 'AbortError');
  assert.ok(found.cancelMs < 1000, `it took ${found.cancelMs} ms`);
  assert.deepEqual([found.before, found.after], [0, 1]);
});

test('with too little memory smaller tiles are used, and that is told', async (t) => {
  const { page } = await openPage(t, {
    prepend: `
      const { Memory } = WebAssembly;
      WebAssembly.Memory = function (limits) { return new Memory({ ...limits, maximum: 320 }); };
    `,
  });
  const { notices, total } = await page.evaluate(async () => {
    const { open, notices } = /** @type {any} */ (globalThis);
    const upscaler = await open();
    await upscaler.prepare({ scale: 2, backend: 'wasm' });
    const pixels = { width: 256, height: 256, data: new Uint8ClampedArray(4 * 256 * 256) };
    let total = 0;
    await upscaler.current.upscaleTiles(pixels, { onTile: () => {}, onProgress: (step) => (total = step.total) });
    return { notices, total };
  });
  assert.match(notices[0], /too little memory: trying smaller/);
  assert.ok(total > 1);
});

test('cancelling the preparation ends its worker, and the next preparation works', async (t) => {
  let hangs = true;
  const { page } = await openPage(t, {
    intercept: (name) => (hangs && name.endsWith('/worker.js') ? { status: 200, content: '' } : null),
  });
  const preparing = page.evaluate(async () => {
    const { open, outcome } = /** @type {any} */ (globalThis);
    const controller = new AbortController();
    const upscaler = await open();
    Object.assign(globalThis, { upscaler, controller });
    return outcome(upscaler.prepare({ scale: 2, backend: 'auto', signal: controller.signal }));
  });
  await page.waitForEvent('worker');
  await page.evaluate(() => Object(globalThis).controller.abort());
  const stopped = await preparing;
  hangs = false;
  assert.equal(stopped.name, 'AbortError');
  const workers = () => page.workers().length;
  for (let i = 0; workers() && i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(workers(), 0);
  const choice = await page.evaluate(() =>
    Object(globalThis).upscaler.prepare({ scale: 2, backend: 'auto' }),
  );
  assert.equal(choice.backend, 'wasm-threads');
  assert.equal(workers(), choice.threads, 'one worker, and its threads');
});

test('of frames that come too fast only the newest is computed', async (t) => {
  const { page } = await openPage(t);
  const found = await page.evaluate(async () => {
    const { open, outcome } = /** @type {any} */ (globalThis);
    const upscaler = await open();
    await upscaler.prepare({ scale: 2, backend: 'wasm' });
    const frame = (/** @type {number} */ value) =>
      outcome(
        upscaler.current.upscaleFrame({
          ...{ width: 9, height: 7 },
          data: new Uint8ClampedArray(4 * 63).fill(value),
        }),
      );
    return Promise.all([frame(10), frame(20), frame(30)]);
  });
  assert.deepEqual(
    found.map(({ code, value }) => code ?? [value.width, value.height]),
    [[18, 14], 'cancelled', [18, 14]],
  );
});

test('the second visit knows what the first has tested', async (t) => {
  let golden = 0;
  const count = (/** @type {string} */ name) => {
    if (name.includes('golden')) golden += 1;
    return null;
  };
  const { page } = await openPage(t, { intercept: count });
  const first = await prepare(page);
  const fetched = golden;
  await page.reload();
  await loadEngine(page, 'tiny');
  assert.deepEqual(await prepare(page), first);
  assert.ok(fetched > 0);
  assert.equal(golden, fetched);
});

test('where storage is denied everything else works', async (t) => {
  const profile = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  mkdirSync(path.join(profile, 'Default'));
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(path.join(profile, 'Default/Preferences'), JSON.stringify(blocked));
  const { page } = await openPage(t, { profile, name: '', serviceWorker: true });
  t.after(() => rmSync(profile, { recursive: true, force: true })); // after the browser is closed
  await assert.rejects(page.evaluate(() => localStorage.length), /denied/);
  assert.equal((await prepare(page)).value.backend, 'wasm-threads');
});

test('the benchmark is one that scnet benchmark --read takes', async (t) => {
  const { page } = await openPage(t);
  const { report, notices, last } = await page.evaluate(async () => {
    const { open, notices } = /** @type {any} */ (globalThis);
    const upscaler = await open();
    await upscaler.prepare({ scale: 2, backend: 'wasm' });
    let last;
    const backends = ['wasm-threads', 'wasm', 'webgpu'];
    const onProgress = (/** @type {any} */ step) => (last = step);
    return { report: await upscaler.benchmark({ backends, onProgress }), notices, last };
  });
  assert.equal(report.files.length, 2);
  assert.match(notices[0], /Graphics chip.*left out of the benchmark/);
  assert.equal(last.done, last.total);
  for (const row of report.files) {
    assert.equal(row.warm.samples_ms.length, report.plan.runs);
    assert.ok(row.psnr_db > 90);
  }
  // nox -s web gives it to Python.
  writeFileSync(path.join(CASES, 'benchmark.json'), JSON.stringify(report, null, 2));
});
