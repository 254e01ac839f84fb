/** Several pictures: one after the other, in one archive, whatever one of them is. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { download, makePicture, readMessage, visit, waitForStatus } from './page_visit.mjs';

/** Names, formats and sizes of what is in an archive, as Python sees them. */
const READ = `
import io, sys, zipfile
from PIL import Image
archive = zipfile.ZipFile(sys.argv[1])
for name in archive.namelist():
    image = Image.open(io.BytesIO(archive.read(name)))
    print(name, image.format, *image.size)
`;

/** @param {import('playwright-core').Page} page @param {[string, Buffer][]} files */
async function give(page, files) {
  const all = files.map(([name, buffer]) => ({ name, mimeType: 'image/png', buffer }));
  await page.setInputFiles('#file', all);
}

/** @param {import('node:test').TestContext} t @param {import('playwright-core').Page} page */
async function readArchive(t, page) {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#save-all')]);
  const zip = path.join(folder, file.suggestedFilename());
  await file.saveAs(zip);
  return execFileSync('python3', ['-c', READ, zip], { encoding: 'utf8' }).trimEnd().split('\n');
}

test('one picture that fails does not stop the rest, and what is done leaves as an archive', async (t) => {
  const page = await visit(t);
  const [wide, tall] = [await makePicture(page), await makePicture(page, { width: 20, height: 30 })];
  await give(page, [
    ['wide.png', wide],
    ['broken.png', wide.subarray(0, 60)],
    ['tall.png', tall],
    ['wide.png', wide],
  ]);
  await waitForStatus(page, /^Done in .*: 3 pictures\. 1 failed\.$/);
  assert.match(await page.locator('#queue-items .is-failed').innerText(), /broken\.png\s+.*is incomplete/);
  assert.deepEqual(await readArchive(t, page), [
    'wide@2x.png PNG 96 64',
    'tall@2x.png PNG 40 60',
    'wide@2x 2.png PNG 96 64',
  ]);
  await page.getByRole('radio', { name: 'JPEG' }).check({ force: true });
  assert.equal((await readArchive(t, page))[1], 'tall@2x.jpg JPEG 40 60');
  await page.getByRole('button', { name: 'tall.png' }).click();
  await page.locator('#sizes').filter({ hasText: '20 × 30 → 40 × 60' }).waitFor();
  assert.equal((await download(page)).name, 'tall@2x.jpg');
});

test('a queue that was stopped goes on, and does nothing twice', async (t) => {
  const page = await visit(t);
  const large = await makePicture(page, { width: 3000, height: 2000 });
  await give(page, [
    ['small.png', await makePicture(page)],
    ['large.png', large],
    ['last.png', await makePicture(page)],
  ]);
  await page.locator('#queue-items li').first().filter({ hasText: 'Done' }).waitFor();
  await waitForStatus(page, /^Enlarging: [1-9]/);
  await page.click('#stop');
  await waitForStatus(page, /^Stopped\.$/);
  const notes = await page.locator('#queue-items small').allInnerTexts();
  assert.deepEqual(notes, ['Done', 'Waiting', 'Waiting']);
  await page.click('#go-on');
  await waitForStatus(page, /^Done in .*: 3 pictures\.$/);
});

test('of a folder the pictures are taken, and the rest is counted', async (t) => {
  const page = await visit(t);
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const picture = await makePicture(page);
  mkdirSync(path.join(folder, 'inner'));
  for (const name of ['a.png', 'inner/b.png']) writeFileSync(path.join(folder, name), picture);
  writeFileSync(path.join(folder, 'notes.txt'), 'nothing to see');
  await page.setInputFiles('#folder', folder);
  await waitForStatus(page, /2 pictures\. 1 other files were left out\.$/);
});

test('files without a picture are said', async (t) => {
  const page = await visit(t);
  const text = (/** @type {string} */ name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from('a') });
  await page.setInputFiles('#file', [text('a.txt'), text('b.txt')]);
  assert.match(await readMessage(page), /no picture among these files/);
});
