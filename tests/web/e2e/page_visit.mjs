/**
 * A visit to the built page in Debian's Chromium, with a network of a few channels that doubles
 * pictures in no time; see noxfile.py for what has made it.
 *
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').BrowserContextOptions} ContextOptions
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';

import { serve } from '../../../web_demo/serve.mjs';
import { launch } from './chromium.mjs';

export const FOLDER = path.join(import.meta.dirname, '../../../dist/web_cases/page');

/** A test machine may be busy; only what fails waits so long. */
const LONGEST_WAIT_MS = 120_000;

const browser = launch([
  '--disable-gpu',
  '--use-fake-device-for-media-stream', // a camera that shows a test picture
  '--host-resolver-rules=MAP plain.test 127.0.0.1',
]);
after(async () => (await browser).close());

export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/**
 * Open the page; it closes with the test, which fails if the page did anything that it should not.
 *
 * @param {import('node:test').TestContext} test
 * @param {object} [options]
 * @param {string} [options.name] Of the page.
 * @param {string} [options.host] Instead of 127.0.0.1, which browsers trust like https.
 * @param {ContextOptions} [options.context]
 * @param {() => void} [options.before] Runs in the page before anything else.
 * @param {(path: string) => {status: number, content: string}|null} [options.intercept]
 * @returns {Promise<Page>}
 */
export async function visit(test, options = {}) {
  const { name = '', host = '127.0.0.1', context: settings = {}, before = () => {}, intercept } = options;
  const server = await serve(FOLDER, { ...(intercept && { intercept }) });
  const url = server.url.replace('127.0.0.1', host);
  const viewport = { width: 1280, height: 800 };
  const context = await (
    await browser
  ).newContext({ viewport, serviceWorkers: 'block', ...settings });
  /** @type {string[]} */
  const wrongs = [];
  context.setDefaultTimeout(LONGEST_WAIT_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => wrongs.push(`${error}`));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) wrongs.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(url))
      wrongs.push(request.url());
  });
  test.after(async () => {
    await context.close();
    server.close();
    if (wrongs.length) throw new Error(wrongs.join('\n'));
  });
  await page.addInitScript(before);
  await page.goto(url + name);
  if (settings.javaScriptEnabled === false) return page;
  await page.locator('#scales input[type=radio]:enabled').first().waitFor({ state: 'attached' });
  return page;
}

/** @param {Page} page @param {string} name @param {string} type @param {Buffer} content */
export async function choose(page, name, type, content) {
  await page.setInputFiles('#file', { name, mimeType: type, buffer: content });
}

/** @type {() => Promise<number>} What all processes of the browser hold; Linux only. */
export async function readMemoryMb() {
  const client = await (await browser).newBrowserCDPSession();
  const { processInfo } = await client.send('SystemInfo.getProcessInfo');
  await client.detach();
  const pages = processInfo.map(({ id }) => readFileSync(`/proc/${id}/statm`, 'utf8').split(' ')[1]);
  return pages.reduce((sum, count) => sum + (Number(count) * 4096) / 1e6, 0);
}

/** @type {(jpeg: Buffer, orientation: number) => Buffer} TIFF 6.0: one entry, 0x0112, in an APP1 segment. */
export function withOrientation(jpeg, orientation) {
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const tiff = [...Buffer.from('MM\0*'), 0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0];
  return withSegment(jpeg, [...Buffer.from('Exif\0\0'), ...tiff]);
}

/** @type {(jpeg: Buffer, xmp: string) => Buffer} */
export function withXmp(jpeg, xmp) {
  return withSegment(jpeg, [...Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`)]);
}

/** @type {(jpeg: Buffer, content: number[]) => Buffer} With a short APP1 segment. */
function withSegment(jpeg, content) {
  const segment = [0xff, 0xe1, 0, content.length + 2, ...content];
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from(segment), jpeg.subarray(2)]);
}

/** @param {Page} page @param {RegExp} text */
export async function waitForStatus(page, text) {
  await page.locator('#status').filter({ hasText: text }).waitFor();
}

/** @param {Page} page @returns {Promise<string>} What the page says went wrong. */
export async function readMessage(page) {
  await page.locator('#message').waitFor();
  return page.locator('#message-text').innerText();
}

/**
 * Draw a picture file in the browser: the upper half red, the lower half blue, the alpha given.
 *
 * @param {Page} page
 * @param {{type?: string, width?: number, height?: number, alpha?: number}} [options]
 * @returns {Promise<Buffer>}
 */
export async function makePicture(
  page,
  { type = 'image/png', width = 48, height = 32, alpha = 1 } = {},
) {
  const options = { type, width, height, alpha };
  const bytes = await page.evaluate(async ({ type, width, height, alpha }) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.globalAlpha = alpha;
    context.fillStyle = 'red';
    context.fillRect(0, 0, width, height / 2);
    context.fillStyle = 'blue';
    context.fillRect(0, height / 2, width, height / 2);
    const blob = await canvas.convertToBlob({ type });
    return [...new Uint8Array(await blob.arrayBuffer())];
  }, options);
  return Buffer.from(bytes);
}

/**
 * Download the result.
 *
 * @param {Page} page
 * @returns {Promise<{name: string, content: Buffer}>}
 */
export async function download(page) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  /** @type {Buffer[]} */
  const parts = [];
  for await (const part of await file.createReadStream()) parts.push(part);
  return { name: file.suggestedFilename(), content: Buffer.concat(parts) };
}

/**
 * Decode a picture file in the browser.
 *
 * @param {Page} page @param {Buffer} content @param {string} type
 * @returns {Promise<{width: number, height: number, top: number[], bottom: number[]}>} Its size, and the
 *   RGBA of two of its pixels.
 */
export async function decode(page, content, type) {
  return page.evaluate(
    async ({ bytes, type }) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type }));
      const { width, height } = bitmap;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context?.drawImage(bitmap, 0, 0);
      const at = (/** @type {number} */ y) => [
        ...(context?.getImageData(width >> 1, y, 1, 1).data ?? []),
      ];
      return { width, height, top: at(height >> 2), bottom: at((3 * height) >> 2) };
    },
    { bytes: [...content], type },
  );
}
