/**
 * Opens `.onnx` files with onnxruntime-web in Chromium, and reports where their nodes went.
 *
 * `node web.mjs webgpu|wasm`: each line of stdin is a file in base64, each line of stdout a `Found`,
 * in the same order. SwiftShader plays the GPU. A file that kills the page costs that file alone.
 *
 * @typedef {{gpu: number, cpu: number, copies: number, nodes: [string, string, boolean][]}} Placed
 *   Nodes, after onnxruntime's own changes to the graph, but for the casts that it adds; each one's
 *   kind, name, and whether it is on the GPU.
 * @typedef {{placed: Placed|null, failure: string|null}} Found
 */

import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { serve } from '../../web_demo/serve.mjs';

const ROOT = path.join(import.meta.dirname, '../..');
const require = createRequire(path.join(ROOT, 'web_demo/package.json'));
const { chromium } = require('playwright-core');

const BLANK = 'blank.html';
const FLAGS = [
  ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  ...['--enable-features=Vulkan', '--use-vulkan=swiftshader'],
];
const LIMIT_MS = 60_000;

/** Files that a page opens before it is replaced: those that fail leave memory behind. */
const PAGE_FILES = 500;

/** What onnxruntime says when it refuses a file, and not when the page is in trouble. */
const REFUSAL = 'ERROR_CODE: ';

/** What it says when no unit runs an operator, though some nodes were placed before. */
const NO_KERNEL = /Could not find an implementation|Failed to find kernel/;

/** A node that the file has not: fp16 becomes fp32 for the CPU, and fp16 again. */
const INSERTED_CAST = 'Cast (InsertedPrecisionFreeCast_';

/**
 * In the page: load the engine, and keep what it logs.
 *
 * @param {string} provider
 */
async function start(provider) {
  /** @type {string[]} */
  const log = [];
  for (const level of /** @type {const} */ (['log', 'info', 'warn', 'error', 'debug'])) {
    console[level] = (line) => {
      if (String(line).includes('EachNodeIsAssignedToAnEp')) log.push(line);
    };
  }
  const engine = '/web_demo/node_modules/onnxruntime-web/dist/';
  const ort = await import(`${engine}ort.${provider}.min.mjs`);
  ort.env.wasm.wasmPaths = engine;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = provider === 'webgpu' ? 'verbose' : 'fatal';
  Object.assign(globalThis, { ort, log, provider });
}

/**
 * In the page.
 *
 * @param {string} content
 */
async function open(content) {
  const { ort, log, provider } = /** @type {any} */ (globalThis);
  log.length = 0;
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  let failure = null;
  try {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      enableMemPattern: false, // as the page does
      logSeverityLevel: provider === 'webgpu' ? 0 : 4, // WASM has no placement to report
    });
    await session.release();
  } catch (error) {
    failure = String(error);
  }
  return { lines: [...log], failure };
}

/**
 * @param {{lines: string[], failure: string|null}} opened
 * @returns {Found} Placed even if the file failed afterwards: SwiftShader has no fp16, say.
 */
function read({ lines, failure }) {
  if (provider === 'wasm' && failure === null) return { placed: { gpu: 0, cpu: 1, copies: 0, nodes: [] }, failure };
  if (lines.length === 0 || NO_KERNEL.test(failure ?? '')) return { placed: null, failure };
  /** @type {Placed} */
  const placed = { gpu: 0, cpu: 0, copies: lines.filter((line) => /Memcpy\w+Host \(/.test(line)).length, nodes: [] };
  let onGpu = false;
  for (const line of lines) {
    const [, kind, name] = /\]   (\w+) \((.*)\)$/.exec(line.trim()) ?? [];
    if (kind !== undefined && !kind.startsWith('Memcpy') && !line.includes(INSERTED_CAST)) {
      placed.nodes.push([kind, name, onGpu]);
    }
    const [, unit, count] = /placed on \[(\w+)\]. Number of nodes: (\d+)/.exec(line) ?? [];
    if (unit === undefined) continue;
    onGpu = unit.startsWith('WebGpu');
    placed[onGpu ? 'gpu' : 'cpu'] += Number(count);
  }
  placed.gpu -= placed.copies;
  placed.cpu -= lines.filter((line) => line.includes(INSERTED_CAST)).length;
  return { placed, failure: null };
}

/** @returns {Promise<import('playwright-core').Page>} */
async function openPage() {
  const page = await browser.newPage();
  await page.goto(`${server.url}${BLANK}`);
  await page.evaluate(start, provider);
  return page;
}

const [provider = 'webgpu'] = process.argv.slice(2);
const server = await serve(ROOT, {
  intercept: (name) =>
    name === BLANK ? { status: 200, content: '<!doctype html><title>placement</title>' } : null,
});
let browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
let page = await openPage();
let opened = 0;

/** A page of its own process, and a browser if that went down. */
async function restart() {
  opened = 0;
  try {
    await page.close();
    page = await openPage();
  } catch {
    await browser.close().catch(() => null);
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
    page = await openPage();
  }
}

/**
 * @param {string} content
 * @returns {Promise<Found>}
 */
async function place(content) {
  opened += 1;
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), LIMIT_MS);
  });
  try {
    return read(await Promise.race([page.evaluate(open, content), tooLong]));
  } catch (error) {
    await restart();
    return { placed: null, failure: `the page died: ${error}` };
  } finally {
    clearTimeout(timer);
  }
}

for await (const content of createInterface({ input: process.stdin })) {
  if (opened === PAGE_FILES) await restart();
  let found = await place(content);
  if (found.failure !== null && !found.failure.includes(REFUSAL)) {
    await restart(); // what fails by itself says so again
    found = await place(content);
  }
  console.log(JSON.stringify(found));
}
await browser.close();
server.close();
