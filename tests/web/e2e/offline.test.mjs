/** The service worker: threads on plain hosts, work without a network, and one version after the other. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { PAGES, loadEngine, openPage } from './engine_page.mjs';

/**
 * What Chromium is given to swap workers when the last page is closed. It needs a moment, and a page
 * that opens in it stays blank or with the old worker (150.0.7871: 4 times of 25; after this, 0 of 40).
 */
const SWAP_MS = 1000;

/** For what is waited for by asking again and again. */
const LONGEST_WAIT_MS = 60_000;

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string>} The backend that was chosen.
 */
async function prepare(page) {
  await loadEngine(page, 'tiny');
  return page.evaluate(async () => {
    const upscaler = await Object(globalThis).open();
    return (await upscaler.prepare({ scale: 2, backend: 'auto' })).backend;
  });
}

test('a host without the headers gets threads by the service worker, and works offline', async (t) => {
  const { page, server } = await openPage(t, { isolated: false, name: '', serviceWorker: true });
  await page.waitForFunction(() => globalThis.crossOriginIsolated);
  assert.equal(await prepare(page), 'wasm-threads');
  server.close();
  await page.reload();
  assert.equal(await prepare(page), 'wasm-threads');
});

test('a new version takes over when the old one is closed, and leaves nothing of it', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(PAGES.tiny, folder, { recursive: true });
  const { page, server } = await openPage(t, { folder, name: '', serviceWorker: true });
  const cacheNames = () => page.evaluate(() => caches.keys());
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  const [old] = await cacheNames();
  assert.ok(old);
  publishAnother(folder);
  await page.reload();
  assert.equal(await page.title(), 'Another version');
  await until(page, async () => (await navigator.serviceWorker.ready).waiting !== null, old);
  assert.ok((await cacheNames()).includes(old), 'what is open may still need it');
  await page.goto('about:blank');
  await setTimeout(SWAP_MS);
  await page.goto(server.url);
  await until(page, async (name) => !(await caches.has(name)), old);
  assert.equal((await cacheNames()).filter((name) => name.startsWith('scnet-page')).length, 1);
  server.close();
  await page.reload();
  assert.equal(await page.title(), 'Another version');
  await page.locator('#scales input[type=radio]:enabled').first().waitFor({ state: 'attached' });
});

/**
 * Playwright's own `waitForFunction` takes a promise for an answer.
 *
 * @param {import('playwright-core').Page} page
 * @param {(name: string) => Promise<boolean>} condition
 * @param {string} name
 */
async function until(page, condition, name) {
  const start = performance.now();
  while (!(await page.evaluate(condition, name))) {
    assert.ok(performance.now() - start < LONGEST_WAIT_MS, `in vain: ${condition}`);
    await setTimeout(100);
  }
}

/** @param {string} folder Becomes what another build would have made. */
function publishAnother(folder) {
  const [version] = readdirSync(path.join(folder, 'assets'));
  assert.ok(version);
  const other = [...version].reverse().join('');
  renameSync(path.join(folder, 'assets', version), path.join(folder, 'assets', other));
  const worker = readFileSync(path.join(folder, 'service_worker.js'), 'utf8');
  const changed = worker.replaceAll(version, other).replace(/version:"\w+"/, `version:"${other}"`);
  assert.notEqual(changed, worker.replaceAll(version, other), 'the worker has its version in it');
  writeFileSync(path.join(folder, 'service_worker.js'), changed);
  const page = readFileSync(path.join(folder, 'index.html'), 'utf8').replaceAll(version, other);
  writeFileSync(path.join(folder, 'index.html'), page.replace(/<title>.*<\/title>/, '<title>Another version</title>'));
}
