/** What a saved file is: its width, its colors, and what it says of what was lost. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { choose, decode, download, makePicture, readMessage, visit, waitForStatus } from './page_visit.mjs';

/** Name of the color profile of a picture, as Python reads it. */
const READ_PROFILE = `
import io, sys
from PIL import Image, ImageCms
profile = Image.open(io.BytesIO(sys.stdin.buffer.read())).info["icc_profile"]
print(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))))
`;

/** @param {import('playwright-core').Page} page @param {string} width */
async function askForWidth(page, width) {
  await page.getByRole('radio', { name: 'Width' }).check({ force: true });
  await page.fill('#width', width);
  await page.press('#width', 'Enter');
}

test('a picture is enlarged to a width, and that is its size and name', async (t) => {
  const page = await visit(t);
  await choose(page, 'photo.png', 'image/png', await makePicture(page));
  await waitForStatus(page, /^Done in .*96 × 64/);
  await askForWidth(page, '70');
  await waitForStatus(page, /^Done in .*70 × 47 pixels\.$/);
  assert.equal(await page.locator('#sizes').innerText(), '48 × 32 → 70 × 47');
  const { name, content } = await download(page);
  assert.equal(name, 'photo@70w.png');
  const { width, height, top, bottom } = await decode(page, content, 'image/png');
  assert.deepEqual([width, height, top[3], bottom[3]], [70, 47, 255, 255]);
  assert.ok(top[0] > top[2] && bottom[2] > bottom[0], 'red above, blue below');
  await askForWidth(page, '500');
  await waitForStatus(page, /^Done in .*96 × 64 pixels\. 2× is the most there is\.$/);
  await askForWidth(page, '48');
  assert.match(await readMessage(page), /that wide already\. Type a larger width/);
  await page.reload();
  await page.locator('#scales input[value=width]:checked:enabled').waitFor({ state: 'attached' });
  assert.equal(await page.inputValue('#width'), '48', 'it is remembered');
});

test('a picture of Display P3 stays one, in each format', async (t) => {
  const page = await visit(t);
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(48, 32);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { colorSpace: 'display-p3' }));
    context.fillStyle = 'color(display-p3 1 0 0)';
    context.fillRect(0, 0, 48, 32);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  await choose(page, 'photo.png', 'image/png', Buffer.from(bytes));
  await waitForStatus(page, /^Done/);
  for (const format of ['PNG', 'WebP', 'JPEG']) {
    await page.getByRole('radio', { name: format }).check({ force: true });
    const { content } = await download(page);
    const profile = execFileSync('python3', ['-c', READ_PROFILE], { input: content, encoding: 'utf8' });
    assert.match(profile, /P3/, format);
    await page.getByText(/Its Display P3 colors are kept\.$/).waitFor();
  }
});

test('16 bits per color are read as 8, and that is said', async (t) => {
  const page = await visit(t);
  const write = 'import sys, io; from PIL import Image; b = io.BytesIO(); Image.new("I;16", (40, 30)).save(b, "PNG"); sys.stdout.buffer.write(b.getvalue())';
  await choose(page, 'deep.png', 'image/png', execFileSync('python3', ['-c', write]));
  await waitForStatus(page, /^Done/);
  await download(page);
  await page.getByText(/Its 16 bits per color are reduced to 8\.$/).waitFor();
});

test('what the device is leaves as a file, for a report of a problem', async (t) => {
  const page = await visit(t);
  await choose(page, 'photo.png', 'image/png', await makePicture(page));
  await waitForStatus(page, /^Done/);
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#save-report')]);
  let text = '';
  for await (const part of await file.createReadStream()) text += part;
  assert.match(text, /^Page: SCNet Mobile.*\([0-9a-f]{12}\)\nBrowser: Mozilla.*Chrom/);
  assert.match(text, /\nStatus: Done in .*\n/);
  assert.match(text, /\nwasm(-threads)?: .* dB/);
});
