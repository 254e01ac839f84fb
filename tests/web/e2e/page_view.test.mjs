/** Zoom, pan and divider, by pointer and by keys alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, choose, makePicture, visit, waitForStatus } from './page_visit.mjs';

/** @typedef {import('./page_visit.mjs').Page} Page */

/** @type {(t: import('node:test').TestContext, context?: import('./page_visit.mjs').ContextOptions) => Promise<Page>} */
async function visitWithResult(t, context = {}) {
  const page = await visit(t, { context });
  await choose(
    page,
    'photo.png',
    'image/png',
    await makePicture(page, { width: 450, height: 300 }),
  );
  await waitForStatus(page, /^Done/);
  return page;
}

/** @param {Page} page In percent. */
const readZoom = async (page) => parseInt(await page.locator('#zoom-value').innerText());

/** @param {Page} page @param {number} x @param {number} y Shares of the stage. @returns {Promise<number[]>} */
const colorAt = (page, x, y) =>
  page.evaluate(
    async ({ x, y }) => {
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById('canvas'));
      const pixel = canvas
        .getContext('2d')
        ?.getImageData(canvas.width * x, canvas.height * y, 1, 1);
      return [...(pixel?.data ?? [])];
    },
    { x, y },
  );

test('keys zoom and move the picture', async (t) => {
  const page = await visitWithResult(t);
  await page.focus('#canvas');
  const fitted = await readZoom(page);
  await page.keyboard.press('1');
  assert.equal(await readZoom(page), 100);
  for (let i = 0; i < 8; i++) await page.keyboard.press('+');
  assert.ok((await readZoom(page)) > 400);
  for (let i = 0; i < 60; i++) await page.keyboard.press('ArrowUp');
  assert.ok((await colorAt(page, 0.25, 0.9))[0] > 200, 'the red upper half');
  for (let i = 0; i < 60; i++) await page.keyboard.press('ArrowDown');
  assert.ok((await colorAt(page, 0.25, 0.1))[2] > 200, 'the blue lower half');
  await page.keyboard.press('0');
  assert.equal(await readZoom(page), fitted);
});

test('no line shows where the bands of a result meet', async (t) => {
  const page = await visit(t);
  const picture = await makePicture(page, { width: 40, height: 1100 });
  await choose(page, 'tall.png', 'image/png', picture);
  await waitForStatus(page, /^Done/);
  await page.focus('#canvas');
  await page.keyboard.press('1');
  for (let i = 0; i < 4; i++) await page.keyboard.press('+'); // beyond, pixels are squares
  await colorAt(page, 0.5, 0.5);
  const { steps, height } = await page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById('canvas'));
    const { width, height } = canvas;
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')).getImageData(width / 2 + 20, 0, 1, height);
    const at = (/** @type {number} */ i) => Number(data[i]);
    const steps = Array.from({ length: height - 1 }, (_, y) =>
      Math.max(...[0, 1, 2].map((color) => Math.abs(at(4 * y + 4 + color) - at(4 * y + color)))),
    );
    return { steps, height };
  });
  const zoom = (await readZoom(page)) / 100;
  const border = Math.round(height / 2 + (1024 - 1100) * zoom);
  const near = Math.max(...steps.slice(border - 8, border + 8));
  const usual = Math.max(...steps.slice(border + 16, border + 80));
  assert.ok(usual > 0 && near <= usual + 1, `rows differ by ${near} at the border, by ${usual} elsewhere`);
});

test('the wheel zooms, and scrolls the page where there is nothing to zoom', async (t) => {
  const page = await visitWithResult(t);
  const fitted = await readZoom(page);
  await page.hover('#canvas', { position: { x: 100, y: 100 } });
  await page.mouse.wheel(0, -500);
  await page.waitForFunction(
    (zoom) => parseInt(document.getElementById('zoom-value')?.innerText ?? '') > zoom,
    fitted,
  );
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.click('#zoom-fit');
  await page.hover('#canvas', { position: { x: 100, y: 100 } });
  await page.mouse.wheel(0, 300);
  await page.waitForFunction(() => scrollY > 0);
  assert.equal(await readZoom(page), fitted);
});

test('a drag moves the picture', async (t) => {
  const page = await visitWithResult(t);
  await page.click('#zoom-in', { clickCount: 5 });
  await page.hover('#canvas', { position: { x: 200, y: 200 } });
  await page.mouse.down();
  await page.mouse.move(200, 2000, { steps: 5 });
  await page.mouse.up();
  assert.ok((await colorAt(page, 0.25, 0.9))[0] > 200);
});

test('two fingers zoom, and do not lose what is between them', async (t) => {
  const page = await visitWithResult(t, PHONE);
  const before = await readZoom(page);
  const box = await page.locator('#canvas').boundingBox();
  assert.ok(box);
  const [x, y] = [box.x + box.width / 4, box.y + box.height / 2];
  const client = await page.context().newCDPSession(page);
  const touch = (/** @type {string} */ type, /** @type {number[]} */ places) =>
    client.send('Input.dispatchTouchEvent', {
      type: /** @type {'touchStart'} */ (type),
      touchPoints: places.map((at, id) => ({ x: at, y, id })),
    });
  await touch('touchStart', [x - 10, x + 10]);
  for (const reach of [20, 30, 40]) await touch('touchMove', [x - reach, x + reach]);
  await touch('touchEnd', []);
  const zoom = (await readZoom(page)) / before;
  assert.ok(zoom > 3.5 && zoom < 4.5, `${zoom} times, not 4`);
  assert.equal(await page.evaluate(() => visualViewport?.scale), 1, 'the page itself stays');
});

test('the divider follows pointer and keys, and says where it is', async (t) => {
  const page = await visitWithResult(t);
  const divider = page.getByRole('slider');
  await divider.focus();
  for (const [key, value] of [
    ['Home', '0'],
    ['End', '100'],
    ['PageDown', '90'],
    ['ArrowLeft', '89'],
  ]) {
    await page.keyboard.press(key);
    assert.equal(Math.round(Number(await divider.inputValue())), Number(value));
  }
  const box = await page.locator('#stage').boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 0.89 * box.width, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + 50, { steps: 3 });
  await page.mouse.up();
  assert.ok(Math.abs(Number(await divider.inputValue()) - 25) < 1);
});

test('left of the divider is before, right of it after', async (t) => {
  const page = await visitWithResult(t);
  await page.getByRole('slider').focus();
  /** @type {Buffer[]} */
  const seen = [];
  for (const key of ['Home', 'End']) {
    await page.keyboard.press(key);
    await colorAt(page, 0, 0);
    seen.push(await page.locator('#canvas').screenshot());
  }
  assert.ok(!seen[0].equals(seen[1]), 'a network of random weights is no interpolation');
});

test('everything can be reached by Tab, and what has the focus shows it', async (t) => {
  const page = await visitWithResult(t);
  const expected = [
    'choose',
    'canvas',
    'divider',
    'zoom-in',
    'live-camera',
    'download',
    'report',
  ];
  /** @type {Set<string>} */
  const reached = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const { id, visible } = await page.evaluate(() => {
      const focused = /** @type {HTMLElement} */ (document.activeElement);
      const shows = [focused, focused.nextElementSibling, focused.firstElementChild].some(
        (part) => part && getComputedStyle(part).outlineStyle !== 'none',
      );
      return { id: focused.id, visible: shows || focused === document.body };
    });
    assert.ok(visible, `#${id} shows its focus`);
    reached.add(id);
  }
  assert.deepEqual(
    expected.filter((id) => !reached.has(id)),
    [],
  );
});
