/**
 * Runs `.onnx` files in turns with onnxruntime-web, WASM, one thread, in Chromium.
 *
 * `node web.mjs TASK`, a `Task` as JSON; prints `Found[]` as JSON. The order of runs is that of the
 * web page's own benchmark.
 *
 * @typedef {{path: string, height: number, width: number}} File `path` is relative to the project.
 * @typedef {{files: File[], runs: number, warmup_runs: number, seconds_limit: number}} Task
 * @typedef {{load_ms: number, samples_ms: number[], failure: null} | {failure: string}} Found
 */

import { createRequire } from 'node:module';
import path from 'node:path';

import { serve } from '../../web_demo/serve.mjs';

const ROOT = path.join(import.meta.dirname, '../..');
const require = createRequire(path.join(ROOT, 'web_demo/package.json'));
const { chromium } = require('playwright-core');

const BLANK = 'blank.html';

/** Nothing that would start work of its own. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-quic'],
];

/**
 * In the page.
 *
 * @param {Task} task
 * @returns {Promise<Found[]>}
 */
async function measure(task) {
  const engine = '/web_demo/node_modules/onnxruntime-web/dist/';
  const ort = await import(`${engine}ort.wasm.min.mjs`);
  const { orderOf } = await import('/mobile_runtime/javascript/statistics.js');
  ort.env.wasm.wasmPaths = engine;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';

  /** @param {File} file */
  async function open({ path: name, height, width }) {
    const model = await (await fetch(`/${name}`)).arrayBuffer();
    const start = performance.now();
    const options = { executionProviders: ['wasm'], enableMemPattern: false }; // as the page does
    const session = await ort.InferenceSession.create(model, options);
    const load_ms = performance.now() - start;
    const values = Float32Array.from({ length: 3 * height * width }, (_, i) => (i % 251) / 251);
    const image = new ort.Tensor('float32', values, [1, 3, height, width]);
    const run = async () => {
      const begin = performance.now();
      const output = (await session.run({ [session.inputNames[0]]: image }))[session.outputNames[0]];
      await output.getData();
      const milliseconds = performance.now() - begin;
      output.dispose();
      return milliseconds;
    };
    await run(); // an operator that the engine lacks shows here
    return { run, found: { load_ms, samples_ms: /** @type {number[]} */ ([]), failure: null } };
  }

  const opened = [];
  for (const file of task.files) {
    opened.push(await open(file).catch((error) => ({ found: { failure: String(error) } })));
  }
  const running = opened.filter((one) => 'run' in one);
  const limitMs = task.seconds_limit * 1000;
  for (const count of [task.warmup_runs, task.runs]) {
    for (const { found } of running) found.samples_ms = [];
    const spent = running.map(() => 0);
    for (let round = 0; round < count && (round === 0 || Math.max(...spent) < limitMs); round++) {
      for (const index of orderOf(running.length, round)) {
        const milliseconds = await running[index].run();
        running[index].found.samples_ms.push(milliseconds);
        spent[index] += milliseconds;
      }
    }
  }
  return opened.map(({ found }) => found);
}

const task = JSON.parse(process.argv[2] ?? '{}');
const server = await serve(ROOT, {
  intercept: (name) =>
    name === BLANK ? { status: 200, content: '<!doctype html><title>bench</title>' } : null,
});
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}${BLANK}`);
  page.setDefaultTimeout(0);
  console.log(JSON.stringify(await page.evaluate(measure, task)));
} finally {
  await browser.close();
  server.close();
}
