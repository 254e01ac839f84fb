/** The page that measures a device. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { visit, waitForStatus } from './page_visit.mjs';

test('this device is measured, and the figures leave as JSON', async (t) => {
  const page = await visit(t, { name: 'benchmark.html' });
  await page.click('#measure');
  await waitForStatus(page, /^Measured/);
  const cells = await page.locator('#rows tr').first().locator('td').allInnerTexts();
  assert.match(cells.join(' '), /^[\d.]+ ms [\d.]+ ms [\d.]+ ms [\d.]+ dB$/);
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  let json = '';
  for await (const part of await file.createReadStream()) json += part;
  assert.equal(JSON.parse(json).files.length, await page.locator('#rows tr').count());
});

test('measuring can be stopped, and begun again', async (t) => {
  const page = await visit(t, { name: 'benchmark.html' });
  // In the page: before Playwright clicks it waits for frames, in which so small a network is done.
  await page.evaluate(async () => {
    const status = /** @type {HTMLElement} */ (document.getElementById('status'));
    document.getElementById('measure')?.click();
    await new Promise((resolve) => {
      new MutationObserver((_changes, observer) => {
        if (!/^Run \d+ of \d+/.test(status.textContent ?? '')) return;
        observer.disconnect();
        document.getElementById('stop')?.click();
        resolve(null);
      }).observe(status, { childList: true });
    });
  });
  await waitForStatus(page, /^Stopped\.$/);
  assert.ok(await page.locator('#download').isHidden());
  await page.click('#measure');
  await waitForStatus(page, /^Measured/);
});
