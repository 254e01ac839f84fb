/** The shorter set, in Firefox and WebKitGTK: results, threads, saving, wrong files, stopping, offline. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { serve } from '../../../web_demo/serve.mjs';
import { CASES, PAGES, cases, loadEngine, shrinkNoise, upscale } from './engine_page.mjs';
import { BROWSERS, openFirefox } from './other_browser.mjs';

/** @typedef {import('./other_browser.mjs').Browser} Browser */

/** @param {import('node:test').TestContext} t @param {keyof typeof PAGES} kind */
async function open(t, kind) {
  const intercept = (/** @type {string} */ name) =>
    name.startsWith('cases/')
      ? { status: 200, content: readFileSync(path.join(CASES, name.slice(6))) }
      : null;
  const server = await serve(PAGES[kind], { intercept });
  t.after(() => server.close());
  return server;
}

/** @param {Browser} browser @param {string} url WebKit's driver does not wait for the page's script. */
async function visit(browser, url) {
  await browser.visit(url);
  await browser.evaluate(async () => {
    while (document.getElementById('not-started')) await new Promise((resolve) => setTimeout(resolve, 20));
  });
}

/**
 * Give the page a picture that is drawn there: red above, blue below.
 *
 * @param {Browser} browser @param {string} name @param {{width?: number, height?: number, share?: number}} [options]
 *   `share` of the file that is given.
 */
function give(browser, name, { width = 48, height = 32, share = 1 } = {}) {
  return browser.evaluate(
    async (name, width, height, share) => {
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width, height });
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
      for (const [color, y] of [['red', 0], ['blue', height / 2]]) {
        context.fillStyle = `${color}`;
        context.fillRect(0, Number(y), width, height / 2);
      }
      const type = `image/${name.split('.')[1]}`;
      /** @type {Blob} */
      const blob = await new Promise((resolve) => canvas.toBlob((made) => made && resolve(made), type));
      const files = new DataTransfer();
      files.items.add(new File([blob.slice(0, blob.size * share)], name, { type }));
      const input = /** @type {HTMLInputElement} */ (document.getElementById('file'));
      input.files = files.files;
      input.dispatchEvent(new Event('change'));
    },
    ...[name, width, height, share],
  );
}

/** @param {Browser} browser @param {string} id @param {string} pattern @returns {Promise<string>} */
function waitForText(browser, id, pattern) {
  return browser.evaluate(
    async (id, pattern) => {
      for (;;) {
        const text = document.getElementById(id)?.textContent ?? '';
        if (new RegExp(pattern).test(text)) return text;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    ...[id, pattern],
  );
}

/** @param {Browser} browser Saves the result. @returns {Promise<{name: string, top: number[], bottom: number[]}>} */
function save(browser) {
  return browser.evaluate(async () => {
    const { click } = HTMLAnchorElement.prototype;
    /** @type {HTMLAnchorElement} */
    const link = await new Promise((resolve) => {
      HTMLAnchorElement.prototype.click = function () {
        resolve(this);
      };
      document.getElementById('download')?.click();
    });
    HTMLAnchorElement.prototype.click = click;
    const image = Object.assign(new Image(), { src: link.href });
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.drawImage(image, 0, 0);
    const at = (/** @type {number} */ y) => [...context.getImageData(40, y, 1, 1).data];
    return { name: link.download, top: at(16), bottom: at(48) };
  });
}

/**
 * Wait until the page needs no network: its service worker has taken over, and keeps model and engine.
 * A busy WebKitGTK calls the state of such a worker "installing" for ever, so that is not asked.
 *
 * @param {Browser} browser
 */
function waitForOffline(browser) {
  return browser.evaluate(async () => {
    const isKept = async (/** @type {string} */ ending) => {
      for (const name of await caches.keys()) {
        const requests = await (await caches.open(name)).keys();
        if (requests.some(({ url }) => url.endsWith(ending))) return true;
      }
      return false;
    };
    while (!(navigator.serviceWorker.controller && (await isKept('.onnx')) && (await isKept('.wasm')))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

for (const { name, open: openBrowser, missing: skip } of BROWSERS) {
  test(`${name}: results equal Python's, with threads`, { skip }, async (t) => {
    const server = await open(t, 'full');
    const browser = await openBrowser(t);
    await browser.visit(server.url);
    await loadEngine(browser, 'full');
    for (const picture of cases().filter(({ name }) => name.startsWith('photograph'))) {
      const { choice, color, alpha } = await upscale(browser, picture, 'wasm-threads');
      assert.ok(color <= 1, `${picture.name}: a color is ${color} steps of 8 bits off`);
      assert.equal(alpha, 0);
      assert.ok(choice.threads > 1);
      await shrinkNoise(browser); // after the first
    }
  });

  test(`${name}: a picture is enlarged and saved, offline too; what is wrong is said; work is stopped`, { skip }, async (t) => {
    const server = await open(t, 'tiny');
    const browser = await openBrowser(t);
    await visit(browser, server.url);
    await give(browser, 'photo.png');
    await waitForText(browser, 'status', '^Done in .*96 × 64');
    assert.equal((await save(browser)).name, 'photo@2x.png');
    await give(browser, 'photo.jpeg', { width: 400, height: 300, share: 0.6 });
    await waitForText(browser, 'message-text', 'is incomplete: its end is missing');
    await give(browser, 'large.png', { width: 3000, height: 2000 });
    await waitForText(browser, 'status', '^Enlarging: [1-9]');
    await browser.evaluate(() => document.getElementById('stop')?.click());
    await waitForText(browser, 'status', '^Stopped');
    await waitForOffline(browser);
    server.close();
    await visit(browser, server.url);
    await give(browser, 'photo.png');
    await waitForText(browser, 'status', '^Done in .*96 × 64');
  });
}

test('Firefox against fingerprinting: no stripes are enlarged, and that is said', { skip: BROWSERS[0].missing }, async (t) => {
  const server = await open(t, 'tiny');
  const browser = await openFirefox(t, { 'privacy.resistFingerprinting': true });
  await visit(browser, server.url);
  await browser.evaluate(() => document.querySelector('#samples button')?.dispatchEvent(new Event('click')));
  await waitForText(browser, 'message-text', 'hides the pixels of pictures .* against fingerprinting');
});
