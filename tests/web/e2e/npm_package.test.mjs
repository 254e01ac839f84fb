/**
 * The npm package as its README says: packed, installed into an empty project, and run in Chromium
 * under Vite and without a bundler; with the model of `scnet bundle` in it, and with one beside it.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { serve } from '../../../web_demo/serve.mjs';
import { CASES, cases, launch } from './engine_page.mjs';

const ROOT = path.join(import.meta.dirname, '../../..');
const require = createRequire(path.join(ROOT, 'web_demo/package.json'));
/** @type {typeof import('vite')} */
const vite = await import(pathToFileURL(path.join(path.dirname(require.resolve('vite/package.json')), 'dist/node/index.js')).href);
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Outside of the project, where nothing is found by chance. */
const APP = mkdtempSync(path.join(tmpdir(), 'scnet-app-'));
const PICTURE = /** @type {import('./engine_page.mjs').Case} */ (cases().find(({ name }) => name === 'tiny-tiles'));

const SCRIPT = `
  import { createUpscaler } from 'scnet-mobile';
  import { createUpscaler as createBundled } from 'with-model';
  const read = async () => (await fetch('models/MODEL')).arrayBuffer();
  const create = {
    bundled: createBundled,
    beside: (options) => createUpscaler({ model: 'models/MODEL', ...options }),
    bytes: async (options) => createUpscaler({ model: await read(), manifest: 'models/MODEL.json', ...options }),
  };
  globalThis.upscale = async (which, picture) => {
    const upscaler = await create[which]({ backend: 'wasm' });
    const steps = [];
    const result = await upscaler.upscale(picture, { onProgress: ({ done, total }) => steps.push([done, total]) });
    const { backend } = upscaler;
    upscaler.dispose();
    return { result, steps, backend };
  };
`;

const npm = (/** @type {string[]} */ ...words) =>
  execFileSync('npm', words, { cwd: APP, stdio: ['ignore', 'pipe', 'inherit'] });

before(() => {
  const packages = { 'scnet-mobile': 'mobile_runtime/javascript', 'with-model': path.relative(ROOT, path.join(CASES, 'bundle')) };
  /** @type {Record<string, string>} */
  const dependencies = { 'onnxruntime-web': require('./package.json').dependencies['onnxruntime-web'] };
  for (const [name, folder] of Object.entries(packages)) {
    mkdirSync(path.join(APP, name));
    npm('pack', '--silent', path.join(ROOT, folder), '--pack-destination', name);
    dependencies[name] = `file:${name}/${readdirSync(path.join(APP, name))[0]}`;
  }
  writeFileSync(path.join(APP, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  npm('install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
  cpSync(path.join(CASES, 'models'), path.join(APP, 'public/models'), { recursive: true });
  const [model] = readdirSync(path.join(CASES, 'bundle/model')).filter((name) => name.endsWith('.onnx'));
  writeFileSync(path.join(APP, 'main.js'), SCRIPT.replaceAll('MODEL', `${model}`));
  writeFileSync(path.join(APP, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
});
after(() => rmSync(APP, { recursive: true, force: true }));

/** @type {Record<string, () => Promise<{url: string, close: () => unknown}>>} */
const SERVERS = {
  'built by Vite': async () => {
    await vite.build({ root: APP, logLevel: 'error' });
    const server = await vite.preview({ root: APP, logLevel: 'error', preview: { port: 0, headers: ISOLATION } });
    return { url: `${server.resolvedUrls?.local[0]}`, close: () => server.close() };
  },
  "Vite's development server": async () => {
    const server = await vite.createServer({ root: APP, logLevel: 'error', server: { port: 0, headers: ISOLATION } });
    await server.listen();
    return { url: `${server.resolvedUrls?.local[0]}`, close: () => server.close() };
  },
  'no bundler': async () => {
    const imports = Object.fromEntries(
      ['scnet-mobile', 'with-model'].map((name) => [name, `./node_modules/${name}/index.js`]),
    );
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
    const page = `<!doctype html>${map}<script type="module" src="./main.js"></script>`;
    writeFileSync(path.join(APP, 'plain.html'), page);
    cpSync(path.join(APP, 'public/models'), path.join(APP, 'models'), { recursive: true });
    const server = await serve(APP);
    return { url: `${server.url}plain.html`, close: server.close };
  },
};

for (const [how, open] of Object.entries(SERVERS)) {
  test(`${how}: a picture becomes what scnet upscale makes of it`, async (t) => {
    const server = await open();
    t.after(() => server.close());
    const page = await (await launch()).newPage();
    t.after(() => page.close());
    await page.route('**/cases/*', (route) => {
      void route.fulfill({ path: path.join(CASES, path.basename(route.request().url())) });
    });
    await page.goto(server.url);
    await page.waitForFunction(() => 'upscale' in globalThis);
    for (const which of ['bundled', 'beside', 'bytes']) {
      const found = await page.evaluate(compare, { which, picture: PICTURE });
      assert.deepEqual(found.size, [PICTURE.width * 2, PICTURE.height * 2]);
      assert.ok(found.most <= 1, `a value is ${found.most} levels off`);
      assert.equal(found.backend, 'wasm');
      assert.ok(found.steps.length > 1);
      assert.deepEqual(found.steps.at(-1), [found.steps.length, found.steps.length]);
    }
  });
}

/**
 * Upscale a case in the page, as another kind of picture for each kind of model.
 *
 * @param {{which: string, picture: import('./engine_page.mjs').Case}} task
 */
async function compare({ which, picture: { name, width, height } }) {
  const load = async (/** @type {string} */ end) =>
    new Uint8ClampedArray(await (await fetch(`/cases/${name}.${end}.rgba`)).arrayBuffer());
  const data = new ImageData(await load('input'), width, height);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(data, 0, 0);
  /** @type {Record<string, ImageData|Blob|ImageBitmap>} */
  const pictures = { bundled: await canvas.convertToBlob(), beside: data, bytes: await createImageBitmap(data) };
  const { upscale } = /** @type {any} */ (globalThis);
  const { result, steps, backend } = await upscale(which, pictures[which]);
  const expected = await load('output');
  let most = 0;
  expected.forEach((value, i) => (most = Math.max(most, Math.abs(value - result.data[i]))));
  return { size: [result.width, result.height], most, steps, backend };
}

test('the types of the package are those that a strict TypeScript project needs', () => {
  writeFileSync(
    path.join(APP, 'app.ts'),
    `import { createUpscaler, UpscalerError, type ErrorCode } from 'scnet-mobile';
     import { runBenchmark } from 'scnet-mobile/benchmark';
     export async function enlarge(file: File): Promise<ImageData | ErrorCode> {
       try {
         return await (await createUpscaler({ model: 'x.onnx' })).upscale(file);
       } catch (error) {
         if (error instanceof UpscalerError) return error.code;
         throw error;
       }
     }
     export const median = async () => (await runBenchmark()).files[0]?.warm.median_ms.toFixed();`,
  );
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom'];
  const tsc = path.join(ROOT, 'web_demo/node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, ...options, 'app.ts'], { cwd: APP, stdio: 'inherit' });
});

test("the bundle's own test passes, as its README says", () => {
  const folder = path.join(APP, 'bundle');
  cpSync(path.join(CASES, 'bundle'), folder, { recursive: true });
  // npm finds the engine one folder up, where it is installed.
  const text = execFileSync('npm', ['test'], { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  assert.match(text, /^# fail 0$/m);
  assert.ok(Number(/^# pass (\d+)$/m.exec(text)?.[1]) >= 3);
});
