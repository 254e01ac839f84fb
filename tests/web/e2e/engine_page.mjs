/**
 * The built page in Debian's Chromium, with the engine at hand.
 *
 * `python tests/web/make_cases.py` has made the cases, and the build both pages; see noxfile.py.
 */

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';

import { serve } from '../../../web_demo/serve.mjs';
import * as chromium from './chromium.mjs';

const ROOT = path.join(import.meta.dirname, '../../..');
export const CASES = path.join(ROOT, 'dist/web_cases');

/** Pages by the models in them: those for visitors, and a network of a few channels. */
export const PAGES = { full: path.join(ROOT, 'web_demo/dist'), tiny: path.join(CASES, 'page') };

/** An empty page beside the real one: the engine alone is tested here. */
const BLANK = 'blank.html';

/** WebGPU computed by the processor. */
const SOFTWARE_GPU = [
  ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  ...['--enable-features=Vulkan', '--use-vulkan=swiftshader'],
];

/** A GPU played by the processor takes its time: the page waits ten times as long. */
const PATIENCE = `
  const wait = setTimeout;
  globalThis.setTimeout = (task, ms, ...rest) => wait(task, 10 * ms, ...rest);
`;

/** Started once per kind. @type {Map<boolean, Promise<import('playwright-core').Browser>>} */
const browsers = new Map();
after(async () => {
  for (const browser of browsers.values()) await (await browser).close();
});

/**
 * @typedef {{status: number, content: string|Uint8Array}} Answer
 *
 * @typedef {{evaluate: (act: (...values: any[]) => any, value: any) => Promise<any>}} Evaluating
 *
 * @typedef {object} Case A picture, and what Python makes of it; RGBA, 8 bit.
 * @property {string} name
 * @property {keyof typeof PAGES} page What page has the model.
 * @property {number} scale
 * @property {'photo'|'clean'} weights
 * @property {number} width
 * @property {number} height
 */

/** @returns {Case[]} */
export const cases = () => JSON.parse(readFileSync(path.join(CASES, 'cases.json'), 'utf8'));

/** @param {keyof typeof PAGES} kind */
export function readCatalog(kind) {
  return JSON.parse(readFileSync(path.join(PAGES[kind], assets(kind), 'models.json'), 'utf8'));
}

/**
 * Open a page; everything closes with the test.
 *
 * @param {import('node:test').TestContext} test
 * @param {object} [options]
 * @param {keyof typeof PAGES} [options.page]
 * @param {string} [options.folder] Another copy of that page.
 * @param {string} [options.name] Of the page to visit.
 * @param {boolean} [options.isolated] Whether the server sends the headers for threads.
 * @param {boolean} [options.gpu]
 * @param {boolean} [options.serviceWorker]
 * @param {string} [options.prepend] Put before the worker's own code.
 * @param {string} [options.script] Run before anything else in the page.
 * @param {(name: string) => Answer|null} [options.intercept]
 * @param {string} [options.profile] A folder with the settings of a visitor.
 */
export async function openPage(test, options = {}) {
  const { page: kind = 'tiny', isolated = true, name = BLANK, prepend = '', script } = options;
  const folder = options.folder ?? PAGES[kind];
  const server = await serve(folder, {
    isolated,
    intercept: (asked) => options.intercept?.(asked) ?? intercept(folder, asked, prepend),
  });
  test.after(() => server.close());
  const context = await openContext(options);
  test.after(() => context.close());
  if (options.gpu) await context.addInitScript(PATIENCE);
  if (script !== undefined) await context.addInitScript(script);
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(`${server.url}${name}`);
  await loadEngine(page, kind);
  if (options.gpu) await shrinkNoise(page);
  return { page, server };
}

/**
 * @param {{gpu?: boolean, serviceWorker?: boolean, profile?: string}} options
 * @returns {Promise<import('playwright-core').BrowserContext>} With nothing in its storage.
 */
async function openContext({ gpu = false, serviceWorker = false, profile }) {
  /** @type {import('playwright-core').BrowserContextOptions} */
  const settings = { serviceWorkers: serviceWorker ? 'allow' : 'block' };
  if (profile) return chromium.launchProfile(profile, ['--disable-gpu'], settings);
  return (await launch(gpu)).newContext(settings);
}

/** @type {(gpu?: boolean) => Promise<import('playwright-core').Browser>} */
export function launch(gpu = false) {
  const browser = browsers.get(gpu) ?? chromium.launch(gpu ? SOFTWARE_GPU : ['--disable-gpu']);
  browsers.set(gpu, browser);
  return browser;
}

/**
 * Put the engine at hand in a page: `open()` gives an upscaler, `notices` is what they have told,
 * and `outcome(promise)` an error as data.
 *
 * @param {Evaluating} page
 * @param {keyof typeof PAGES} kind
 */
export async function loadEngine(page, kind) {
  await page.evaluate(async (url) => {
    const { Models } = await import(new URL(url, location.origin).href);
    const notices = /** @type {string[]} */ ([]);
    Object.assign(globalThis, {
      notices,
      open: () => Models.open({ onNotice: (text) => notices.push(text) }),
      outcome: (promise) =>
        promise.then(
          (value) => ({ value }),
          ({ name, code, message }) => ({ name, code, message }),
        ),
    });
  }, `${assets(kind)}/models.js`);
}

/**
 * Time backends with 16x16 of the noise of 128x128, which takes most of a test's time; no result
 * depends on it.
 *
 * @param {Evaluating} page
 */
export function shrinkNoise(page) {
  return page.evaluate(() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, /** @type {any} */ moved) {
      const { image } = message;
      const isNoise = image?.width === 128;
      const little = isNoise && { width: 16, height: 16, values: image.values.slice(0, 3 * 16 * 16) };
      postMessage.call(this, isNoise ? { ...message, image: little } : message, moved);
    };
  }, undefined);
}

/**
 * Upscale a case in the page, and compare there: pictures are large.
 *
 * @param {Evaluating} page
 * @param {Case} picture
 * @param {string} backend
 */
export function upscale(page, picture, backend) {
  return page.evaluate(
    async ({ picture, backend }) => {
      const { open } = /** @type {any} */ (globalThis);
      const { name, width, height, scale, weights } = picture;
      const load = async (/** @type {string} */ end) =>
        new Uint8ClampedArray(await (await fetch(`cases/${name}.${end}.rgba`)).arrayBuffer());
      const [input, expected] = [await load('input'), await load('output')];
      const upscaler = await open();
      const choice = await upscaler.prepare({ scale, weights, backend });
      const painted = new Int16Array(expected.length).fill(-999);
      const onTile = ({ x, y, pixels }) => {
        for (let row = 0; row < pixels.height; row++) {
          const line = pixels.data.subarray(4 * row * pixels.width, 4 * (row + 1) * pixels.width);
          painted.set(line, 4 * ((y + row) * width * scale + x));
        }
      };
      const steps = /** @type {any[]} */ ([]);
      const onProgress = (step) => steps.push(step);
      await upscaler.current.upscaleTiles({ width, height, data: input }, { onTile, onProgress });
      upscaler.close();
      const off = Array.from(painted, (value, i) => Math.abs(value - expected[i]));
      const worst = (values) => values.reduce((most, value) => Math.max(most, value), 0);
      return {
        choice,
        steps,
        color: worst(off.filter((_, i) => i % 4 !== 3)),
        alpha: worst(off.filter((_, i) => i % 4 === 3)),
      };
    },
    { picture, backend },
  );
}

/** @param {keyof typeof PAGES} kind */
const assets = (kind) => `assets/${readdirSync(path.join(PAGES[kind], 'assets'))[0]}`;

/**
 * @param {string} folder
 * @param {string} name
 * @param {string} prepend
 * @returns {Answer|null}
 */
function intercept(folder, name, prepend) {
  if (name === BLANK) return { status: 200, content: '<!doctype html><title>engine</title>' };
  if (name.startsWith('cases/')) {
    return { status: 200, content: readFileSync(path.join(CASES, name.slice(6))) };
  }
  if (prepend && name.endsWith('/worker.js')) {
    return { status: 200, content: prepend + readFileSync(path.join(folder, name), 'utf8') };
  }
  return null;
}
