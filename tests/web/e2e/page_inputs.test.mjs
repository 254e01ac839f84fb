/** Every way in, and what the page says about what it cannot take. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';

import * as visits from './page_visit.mjs';

const { visit, choose, waitForStatus, readMessage, makePicture } = visits;

/** @type {Record<string, (page: visits.Page, content: Buffer) => Promise<void>>} */
const WAYS = {
  choose: (page, content) => choose(page, 'photo.png', 'image/png', content),
  take: (page, buffer) =>
    page.setInputFiles('#capture', { name: 'photo.png', mimeType: 'image/png', buffer }),
  drop: (page, content) => dispatch(page, content, 'drop'),
  paste: (page, content) => dispatch(page, content, 'paste'),
};

for (const [name, enter] of Object.entries(WAYS)) {
  test(`a picture comes in by ${name}`, async (t) => {
    const page = await visit(t);
    await enter(page, await makePicture(page));
    await waitForStatus(page, /^Done in .*96 × 64 pixels\.$/);
    assert.equal((await visits.download(page)).name, 'photo@2x.png');
  });
}

test('a sample is a click away', async (t) => {
  const page = await visit(t);
  await page.getByRole('button', { name: 'Sample: a cat' }).click();
  await waitForStatus(page, /^Done in .*450 × 300 pixels\.$/);
});

test('the button opens the file dialog', async (t) => {
  const page = await visit(t);
  const [dialog] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.press('#choose', 'Enter'),
  ]);
  await dialog.setFiles({
    name: 'photo.webp',
    mimeType: 'image/webp',
    buffer: await makePicture(page),
  });
  await waitForStatus(page, /^Done/);
});

test('a picture is turned as its EXIF says', async (t) => {
  const page = await visit(t);
  const lying = await makePicture(page, { type: 'image/jpeg', width: 48, height: 32 });
  await choose(page, 'phone.jpg', 'image/jpeg', visits.withOrientation(lying, 3));
  await waitForStatus(page, /96 × 64/);
  const { content } = await visits.download(page);
  const upsideDown = await visits.decode(page, content, 'image/png');
  assert.ok(
    upsideDown.top[2] > upsideDown.top[0] && upsideDown.bottom[0] > upsideDown.bottom[2],
    JSON.stringify(upsideDown),
  );
  await choose(page, 'phone.jpg', 'image/jpeg', visits.withOrientation(lying, 6));
  await waitForStatus(page, /64 × 96/);
});

test('transparency is kept', async (t) => {
  const page = await visit(t);
  await choose(page, 'glass.png', 'image/png', await makePicture(page, { alpha: 0.5 }));
  await waitForStatus(page, /^Done/);
  const { content } = await visits.download(page);
  const { top } = await visits.decode(page, content, 'image/png');
  assert.ok(Math.abs(top[3] - 128) <= 1, `alpha ${top[3]}`);
});

/** What is no picture for this page: the file, and a part of what the page says. */
const WRONG = {
  'a text file': {
    name: 'letter.txt',
    content: Buffer.from('Dear reader, this is not a picture.'),
    says: /“letter\.txt” is not a picture that this browser can open.*Choose another/,
  },
  'a text file that calls itself a picture': {
    name: 'photo.png',
    content: Buffer.from('not at all a picture'),
    says: /is not a picture/,
  },
  'an empty file': { name: 'empty.png', content: Buffer.alloc(0), says: /is not a picture/ },
  'a picture without pixels': {
    name: 'zero.png',
    content: png(0, 0),
    says: /is not a picture that this browser can open, or it is damaged/,
  },
  'a bomb of 100 megapixels': {
    name: 'bomb.png',
    content: png(10000, 10000),
    says: /10,000 × 10,000 pixels, 100 megapixels.*up to 64/,
  },
  'a damaged picture': {
    name: 'half.png',
    content: png(40, 30).subarray(0, 50),
    says: /is incomplete: its end is missing/,
  },
};

test('what cannot be opened is said, and the page goes on', async (t) => {
  const page = await visit(t);
  for (const [what, { name, content, says }] of Object.entries(WRONG)) {
    await choose(page, name, 'image/png', content);
    assert.match(await readMessage(page), says, what);
    await page.getByRole('button', { name: 'Close' }).click();
  }
  await choose(page, 'good.png', 'image/png', await makePicture(page));
  await waitForStatus(page, /^Done/);
});

test('text in the clipboard and dropped text are no pictures', async (t) => {
  const page = await visit(t);
  await page.evaluate(() =>
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: new DataTransfer() })),
  );
  assert.match(await readMessage(page), /no picture in the clipboard/);
  await page.evaluate(() =>
    document.dispatchEvent(new DragEvent('drop', { dataTransfer: new DataTransfer() })),
  );
  await page.getByText('What you dropped is not a file').waitFor();
});

/** @type {(page: visits.Page, content: Buffer, kind: 'drop'|'paste') => Promise<void>} */
async function dispatch(page, content, kind) {
  await page.evaluate(
    ({ bytes, kind }) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], 'photo.png', { type: 'image/png' }));
      const event =
        kind === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    },
    { bytes: [...content], kind },
  );
}

/** @type {(width: number, height: number) => Buffer} A black PNG whose header says so. */
function png(width, height) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0], 8);
  const rows = deflateSync(Buffer.alloc(Math.min((width + 1) * height, 1 << 16)));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @type {(kind: string, content: Buffer) => Buffer} */
function chunk(kind, content) {
  const body = Buffer.concat([Buffer.from(kind), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

test('formats that no header is known of are the browser\'s to open', async (t) => {
  const page = await visit(t);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="15" fill="red"/></svg>';
  await choose(page, 'drawing.svg', 'image/svg+xml', Buffer.from(svg));
  await waitForStatus(page, /^Done in .*80 × 60/);
  const { content } = await visits.download(page);
  const { top, bottom } = await visits.decode(page, content, 'image/png');
  assert.deepEqual([top[3], bottom[3]], [255, 0]);
});
