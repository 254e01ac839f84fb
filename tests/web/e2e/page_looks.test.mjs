/** Small, steady, legible: what can be measured of how the page looks. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';

import { FOLDER, PHONE, choose, makePicture, visit, waitForStatus } from './page_visit.mjs';

const axe = createRequire(new URL('../../../web_demo/package.json', import.meta.url))('axe-core');

/** WCAG 2.2: AA of text, and of the targets of a finger (here twice what it asks for). */
const LEAST_CONTRAST = 4.5;
const LEAST_TARGET = 40; // CSS pixels

/** @type {Record<string, import('./page_visit.mjs').ContextOptions>} */
const DEVICES = {
  'desktop, light': { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  'desktop, dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  'phone, light': { ...PHONE, colorScheme: 'light' },
  'phone, dark': { ...PHONE, colorScheme: 'dark' },
  'small phone': { ...PHONE, viewport: { width: 320, height: 568 } },
  tablet: { ...PHONE, viewport: { width: 900, height: 1100 } },
};

for (const [name, context] of Object.entries(DEVICES)) {
  test(`${name}: nothing is cut off, too small to touch, or too faint to read`, async (t) => {
    const page = await visit(t, { context });
    await page.evaluate(() => document.querySelector('details')?.setAttribute('open', ''));
    const found = await page.evaluate(inspect);
    assert.ok(found.width <= found.viewport, `${found.width} of ${found.viewport} pixels wide`);
    assert.ok(found.targets.length > 20 && found.texts.length > 40, 'all was looked at');
    assert.deepEqual(
      found.targets.filter(({ size }) => size < LEAST_TARGET),
      [],
    );
    assert.deepEqual(
      found.texts.filter(({ contrast }) => contrast < LEAST_CONTRAST),
      [],
    );
  });
}

for (const name of ['', 'benchmark.html']) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    test(`axe-core finds nothing on ${name || 'the page'}, ${colorScheme}`, async (t) => {
      const page = await visit(t, { name, context: { colorScheme, bypassCSP: true } });
      if (!name) {
        await page.evaluate(() => document.querySelector('details')?.setAttribute('open', ''));
        const files = ['a.png', 'b.png'].map((name) => ({ name, mimeType: '', buffer: Buffer.from('no') }));
        await page.setInputFiles('#file', files);
        await waitForStatus(page, /2 failed/);
        await choose(page, 'letter.txt', 'text/plain', Buffer.from('no'));
        await page.locator('#message').waitFor();
      }
      await page.addScriptTag({ content: axe.source });
      const { violations } = await page.evaluate(() => Object(window).axe.run());
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
        [],
      );
    });
  }
}

test('nothing moves while the page loads and works', async (t) => {
  const page = await visit(t, {
    before: () => {
      Object.assign(window, { shift: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) Object(window).shift += Object(entry).value;
      }).observe({ type: 'layout-shift', buffered: true });
    },
  });
  await choose(
    page,
    'photo.png',
    'image/png',
    await makePicture(page, { width: 300, height: 500 }),
  );
  await waitForStatus(page, /^Done/);
  assert.equal(await page.evaluate(() => Object(window).shift), 0);
});

test('a first visit without engine, models and samples loads less than 100 KB', async (t) => {
  const page = await visit(t);
  await page.waitForLoadState('networkidle');
  const names = await page.evaluate(() =>
    performance.getEntries().filter((entry) => 'decodedBodySize' in entry).map(({ name }) => new URL(name).pathname),
  );
  const counted = names.filter((name) => !/^\/(onnxruntime-web-|models\/|samples\/)/.test(name));
  assert.ok(counted.length > 8 && !counted.some((name) => /video_file/.test(name)), `${counted}`);
  const files = counted.map((name) => path.join(FOLDER, name.endsWith('/') ? 'index.html' : name));
  const sizes = await Promise.all(files.map(async (file) => (await readFile(file)).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(bytes < 100_000, `${bytes} bytes: ${counted}`);
});

/** Runs in the page: what is there, in numbers. */
function inspect() {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  /** @type {(color: string) => number[]} */
  const toRgba = (color) => {
    if (!canvas) return [];
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  /** @type {(color: number[]) => number} */
  const luminance = (color) => {
    const [r, g, b] = color.map((v) =>
      v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** @type {(node: Element|null) => number[]} */
  const backgroundOf = (node) => {
    for (; node; node = node.parentElement) {
      const color = toRgba(getComputedStyle(node).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const isSeen = (/** @type {Element} */ node) =>
    node.checkVisibility() && !node.closest('.hidden, .skip, .stage');
  const texts = [...document.querySelectorAll('body *')]
    .filter(
      (node) =>
        isSeen(node) && !node.closest(':disabled') && !node.matches('label:has(:disabled) *'),
    )
    .filter((node) =>
      [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent?.trim()),
    )
    .map((node) => {
      const pair = [toRgba(getComputedStyle(node).color), backgroundOf(node)]
        .map(luminance)
        .sort((a, b) => b - a);
      return {
        text: node.textContent?.trim().slice(0, 40),
        contrast: (pair[0] + 0.05) / (pair[1] + 0.05),
      };
    });
  const targets = [
    ...document.querySelectorAll('button:not(.link), summary, .segments label'),
  ]
    .filter((node) => node.checkVisibility())
    .map((node) => {
      const { width, height } = node.getBoundingClientRect();
      return { id: node.id || node.textContent?.trim(), size: Math.min(width, height) };
    });
  return { width: document.documentElement.scrollWidth, viewport: innerWidth, texts, targets };
}
