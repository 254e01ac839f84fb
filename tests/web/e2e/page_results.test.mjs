/** What a visitor can do with a result, and how work is stopped. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import * as visits from './page_visit.mjs';

const { visit, choose, waitForStatus, readMessage, makePicture } = visits;

/** @type {(page: visits.Page, options?: Parameters<typeof makePicture>[1]) => Promise<void>} */
async function enlarge(page, options) {
  await choose(page, 'photo.png', 'image/png', await makePicture(page, options));
  await waitForStatus(page, /^Done/);
}

for (const [format, extension, type] of [
  ['PNG', 'png', 'image/png'],
  ['WebP', 'webp', 'image/webp'],
  ['JPEG', 'jpg', 'image/jpeg'],
]) {
  test(`a result is saved as ${format}`, async (t) => {
    const page = await visit(t);
    await enlarge(page);
    await page.getByRole('radio', { name: format }).check({ force: true });
    const { name, content } = await visits.download(page);
    assert.equal(name, `photo@2x.${extension}`);
    const picture = await visits.decode(page, content, type);
    assert.deepEqual([picture.width, picture.height], [96, 64]);
  });
}

test('what is transparent is white in JPEG', async (t) => {
  const page = await visit(t);
  await enlarge(page, { alpha: 0 });
  await page.getByRole('radio', { name: 'JPEG' }).check({ force: true });
  const { content } = await visits.download(page);
  assert.ok((await visits.decode(page, content, 'image/jpeg')).top[0] > 250);
});

test('a format that this browser cannot write is not offered', async (t) => {
  const page = await visit(t, {
    // As Safari does: PNG where WebP was asked for.
    before: () => {
      const { convertToBlob } = OffscreenCanvas.prototype;
      OffscreenCanvas.prototype.convertToBlob = function (options) {
        const type = options?.type === 'image/webp' ? 'image/png' : options?.type;
        return convertToBlob.call(this, { ...options, ...(type && { type }) });
      };
    },
  });
  await page.locator('#formats input[value=webp]:disabled').waitFor({ state: 'attached' });
  assert.ok(await page.locator('#formats input[value=jpg]').isEnabled());
});

test('what could not be written is said, and no longer when something was saved', async (t) => {
  const refuse = `
    const { convertToBlob } = OffscreenCanvas.prototype;
    OffscreenCanvas.prototype.convertToBlob = function (options) {
      if (options.type === 'image/webp') throw new DOMException('', 'EncodingError');
      return convertToBlob.call(this, options);
    };`;
  const page = await visit(t, {
    intercept: (name) =>
      /whole_worker\.js$/.test(name)
        ? { status: 200, content: refuse + readFileSync(path.join(visits.FOLDER, name), 'utf8') }
        : null,
  });
  await enlarge(page);
  await page.getByRole('radio', { name: 'WebP' }).check({ force: true });
  await page.click('#download');
  assert.match(await readMessage(page), /cannot write this picture as WEBP. Choose another format/);
  await page.getByRole('radio', { name: 'PNG' }).check({ force: true });
  await visits.download(page);
  await page.getByText('Saved as photo@2x.png.').waitFor();
  assert.ok(await page.locator('#message').isHidden());
});

test('a result is copied as PNG', async (t) => {
  const page = await visit(t, { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  await enlarge(page);
  await page.click('#copy');
  await page.getByText('Copied.').waitFor();
  const width = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    return (await createImageBitmap(await item.getType('image/png'))).width;
  });
  assert.equal(width, 96);
});

test('a clipboard that is denied is said', async (t) => {
  const page = await visit(t, {
    before: () => {
      navigator.clipboard.write = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    },
  });
  await enlarge(page);
  await page.click('#copy');
  assert.match(await readMessage(page), /does not let the page copy. Use Save/);
});

test('nothing can be saved before it is finished', async (t) => {
  const page = await visit(t);
  assert.ok(
    await page.locator('#download').isDisabled(),
    'what was made earlier is no result of the visitor',
  );
  await enlarge(page);
  assert.ok(await page.locator('#download').isEnabled());
  const large = await makePicture(page, { width: 3000, height: 2000 });
  await choose(page, 'large.png', 'image/png', large);
  await waitForStatus(page, /^Enlarging/);
  assert.ok(await page.locator('#download').isDisabled());
});

test('Escape stops a large picture at once, and the next one works', async (t) => {
  const page = await visit(t);
  await choose(
    page,
    'large.png',
    'image/png',
    await makePicture(page, { width: 3000, height: 2000 }),
  );
  await waitForStatus(page, /^Enlarging: \d+ %/);
  const started = Date.now();
  await page.keyboard.press('Escape');
  await waitForStatus(page, /^Stopped\.$/);
  assert.ok(Date.now() - started < 1500, 'within a second, and what Playwright takes');
  assert.ok(await page.locator('#stop').isHidden());
  assert.ok(await page.locator('#download').isDisabled(), 'half a result is not saved');
  await enlarge(page);
});

test('what was stopped goes on from where it was', async (t) => {
  const page = await visit(t);
  const large = await makePicture(page, { width: 3000, height: 2000 });
  await choose(page, 'large.png', 'image/png', large);
  await waitForStatus(page, /^Enlarging: [1-9]\d %/);
  await page.click('#stop');
  await waitForStatus(page, /^Stopped\.$/);
  const first = page.evaluate(
    () =>
      new Promise((resolve) => {
        new MutationObserver(() => {
          const found = document.getElementById('status')?.textContent?.match(/^Enlarging: (\d+)/);
          if (found) resolve(Number(found[1]));
        }).observe(document.body, { childList: true, subtree: true });
      }),
  );
  await page.click('#go-on');
  assert.ok(Number(await first) >= 10, 'not from the start');
  await waitForStatus(page, /^Done in .*6,000 × 4,000/);
  const { content } = await visits.download(page);
  const { top, bottom } = await visits.decode(page, content, 'image/png');
  assert.deepEqual([top[3], bottom[3]], [255, 255]);
});

test('a picture that comes while another is enlarged takes its place', async (t) => {
  const page = await visit(t);
  await choose(
    page,
    'large.png',
    'image/png',
    await makePicture(page, { width: 3000, height: 2000 }),
  );
  await waitForStatus(page, /^Enlarging/);
  await choose(page, 'small.png', 'image/png', await makePicture(page));
  await waitForStatus(page, /^Done in .*96 × 64/);
  assert.equal((await visits.download(page)).name, 'small@2x.png');
});

test('too large a result is said before it is begun, and a part can be enlarged', async (t) => {
  const page = await visit(t, {
    before: () => Object.defineProperty(navigator, 'deviceMemory', { value: 0.25 }), // 3 megapixels
  });
  await choose(
    page,
    'large.png',
    'image/png',
    await makePicture(page, { width: 1200, height: 800 }),
  );
  assert.match(
    await readMessage(page),
    /2× would make 2,400 × 1,600 pixels, 3\.8 megapixels.*Zoom in/,
  );
  await page.getByRole('button', { name: 'Only the part in view' }).click();
  await waitForStatus(page, /^Done/);
  const { content } = await visits.download(page);
  const { width, height } = await visits.decode(page, content, 'image/png');
  assert.ok(width * height <= 3.125e6 && width * height > 1.5e6, `${width}x${height}`);
});

test('of a picture that is too large itself the middle can be enlarged', async (t) => {
  const page = await visit(t, {
    before: () => Object.defineProperty(navigator, 'deviceMemory', { value: 0.05 }), // 0.6 megapixels
  });
  await enlarge(page);
  const large = await makePicture(page, { width: 1200, height: 800 });
  await choose(page, 'large.png', 'image/png', large);
  assert.match(await readMessage(page), /can hold\. Enlarge less, or only its middle\.$/);
  await page.getByRole('button', { name: 'Only the middle' }).click();
  await waitForStatus(page, /^Done/);
  const { content } = await visits.download(page);
  const { width, height, top, bottom } = await visits.decode(page, content, 'image/png');
  assert.ok(width * height <= 0.625e6 && width * height > 0.3e6, `${width}x${height}`);
  assert.ok(top[0] > top[2] && bottom[2] > bottom[0], 'red above, blue below, as the picture is');
});

test('another backend while a picture opens is used for that picture', async (t) => {
  const page = await visit(t, {
    before: () => {
      const decode = createImageBitmap;
      Object.assign(globalThis, {
        createImageBitmap: async (/** @type {Parameters<typeof decode>} */ ...what) => {
          if (what[0] instanceof Blob) await new Promise((resolve) => setTimeout(resolve, 1000));
          return decode(...what);
        },
      });
    },
  });
  await enlarge(page);
  await page.locator('summary').click();
  const other = await makePicture(page, { width: 80, height: 60 });
  await choose(page, 'other.png', 'image/png', other);
  await page.getByRole('button', { name: /^Processor, one thread/ }).click();
  await waitForStatus(page, /^Done in .*160 × 120/);
  assert.equal((await visits.download(page)).name, 'other@2x.png');
});

test('a backend that was asked for and does not work says so beside its name', async (t) => {
  const page = await visit(t, {
    intercept: (name) => (name.endsWith('.wasm') ? { status: 404, content: '' } : null),
  });
  await page.locator('summary').click();
  await page.getByRole('button', { name: /^Processor, one thread/ }).click();
  await choose(page, 'photo.png', 'image/png', await makePicture(page));
  assert.match(await readMessage(page), /^The engine is missing.*404/);
  assert.match(await page.locator('#backend-wasm').innerText(), /^It failed: The engine is missing/);
});

/** In the page: say when the camera is asked for, and keep its stream as `window.stream`. */
function watchCamera() {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    dispatchEvent(new Event('camera-asked'));
    return Object.assign(window, { stream: await open(wanted) }).stream;
  };
}

test('a camera is enlarged live, and let go of', async (t) => {
  const page = await visit(t, {
    context: { permissions: ['camera'] },
    before: watchCamera,
  });
  await page.click('#live-camera');
  await waitForStatus(page, /^Live: \d+\.\d frames per second, .* ms per frame$/);
  await page.locator('#sizes').filter({ hasText: '128 × 128 → 256 × 256' }).waitFor();
  await page.getByRole('radio', { name: '64', exact: true }).check({ force: true });
  await page.locator('#sizes').filter({ hasText: '64 × 64 → 128 × 128' }).waitFor();
  await page.keyboard.press('Escape');
  await waitForStatus(page, /^Stopped/);
  const state = await page.evaluate(() => Object(window).stream.getTracks()[0].readyState);
  assert.equal(state, 'ended');
  assert.equal((await visits.download(page)).name, 'live@2x.png');
  await page.locator('summary').click();
  await page.getByRole('button', { name: /^Processor, one thread/ }).click();
  assert.equal(await page.locator('#status').innerText(), 'Stopped.', 'the camera stays off');
});

test('a camera that is allowed when the page is not seen any more is let go of', async (t) => {
  const page = await visit(t, {
    context: { permissions: ['camera'] },
    before: watchCamera,
  });
  await page.evaluate(() =>
    addEventListener('camera-asked', () => {
      Object.defineProperty(document, 'hidden', { value: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }),
  );
  await page.click('#live-camera');
  await waitForStatus(page, /^Stopped\.$/);
  await page.waitForFunction(() => Object(window).stream?.getTracks()[0].readyState === 'ended');
});

test('a camera that is denied is said', async (t) => {
  const page = await visit(t);
  await page.click('#live-camera');
  assert.match(await readMessage(page), /camera was not allowed. Allow it/);
});

test('a video is enlarged live', async (t) => {
  const page = await visit(t);
  const film = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [100, 60];
    const context = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' });
    const recorded = new Promise(
      (resolve) => (recorder.ondataavailable = ({ data }) => resolve(data)),
    );
    recorder.start();
    for (let i = 0; i < 10; i++) {
      context?.fillRect(i, i, 9, 9);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    recorder.stop();
    return [...new Uint8Array(await (await recorded).arrayBuffer())];
  });
  await choose(page, 'film.webm', 'video/webm', Buffer.from(film));
  await waitForStatus(page, /^Live: /);
  await page.locator('#sizes').filter({ hasText: '100 × 60 → 200 × 120' }).waitFor();
});

test('a video that cannot be played is said', async (t) => {
  const page = await visit(t);
  await choose(page, 'film.mp4', 'video/mp4', Buffer.from('not a film'));
  assert.match(await readMessage(page), /video cannot be played here/);
});

test('a model that is missing is said, and asked for again', async (t) => {
  let missing = true;
  const page = await visit(t, {
    intercept: (name) => (missing && /\.onnx$/.test(name) ? { status: 404, content: '' } : null),
  });
  await choose(page, 'photo.png', 'image/png', await makePicture(page));
  assert.ok((await readMessage(page)).length > 20);
  missing = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await waitForStatus(page, /^Done/);
});

/** In the page: of the canvases that are made, and of what is drawn from, the most pixels at once as `window.most`. */
function countPixels() {
  Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 8 });
  const most = Object.assign(window, { most: { made: 0, drawn: 0 } }).most;
  const made = (/** @type {{width: number, height: number}} */ { width, height }) => (most.made = Math.max(most.made, width * height));
  window.OffscreenCanvas = class extends OffscreenCanvas {
    /** @param {number} width @param {number} height */
    constructor(width, height) {
      super(width, height);
      made(this);
    }
  };
  for (const { prototype } of [OffscreenCanvasRenderingContext2D, CanvasRenderingContext2D]) {
    const { drawImage } = prototype;
    prototype.drawImage = function (/** @type {any} */ source, /** @type {number[]} */ ...place) {
      made(this.canvas);
      const isStrip = place.length < 8 && source.width === this.canvas.width; // the rest is cut off
      const rows = isStrip ? this.canvas.height : place.length < 8 ? source.height : place[3];
      most.drawn = Math.max(most.drawn, rows * (place.length < 8 ? source.width : place[2]));
      Reflect.apply(drawImage, this, [source, ...place]);
    };
  }
}

test('24 megapixels are enlarged in bounded memory, nowhere all at once, and stop at once', async (t) => {
  const page = await visit(t, { before: countPixels });
  const photo = await makePicture(page, { type: 'image/jpeg', width: 6000, height: 4000 });
  await page.evaluate(() => Object.assign(Object(window).most, { made: 0, drawn: 0 }));
  await choose(page, 'photo.jpg', 'image/jpeg', photo);
  await waitForStatus(page, /^Enlarging: [1-9]/);
  const early = await visits.readMemoryMb();
  await waitForStatus(page, /^Enlarging: [5-9]/);
  const late = await visits.readMemoryMb();
  assert.ok(late - early < 200, `from ${early} to ${late} MB`);
  const { made, drawn } = await page.evaluate(() => Object(window).most);
  // A canvas of all 96 megapixels halts the page for 0.25 s when it is made, and 0.1 s whenever it is drawn from.
  assert.ok(made > 3e6 && made < 8e6, `a canvas of ${made} pixels`);
  assert.ok(drawn > 1e6 && drawn < 8e6, `${drawn} pixels are drawn at once`);
  // Timed in the page: before Playwright clicks it waits for frames.
  const stopMs = await page.evaluate(async () => {
    const started = performance.now();
    document.getElementById('stop')?.click();
    while (document.getElementById('status')?.textContent !== 'Stopped.') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return performance.now() - started;
  });
  assert.ok(stopMs < 1000, `it took ${stopMs} ms`);
});

test('choices are remembered, and clean originals have weights of their own', async (t) => {
  const page = await visit(t);
  const urls = /** @type {string[]} */ ([]);
  page.on('request', (request) => urls.push(request.url()));
  const wasAsked = (/** @type {RegExp} */ name) => urls.some((url) => name.test(url));
  await enlarge(page);
  assert.ok(wasAsked(/d8b2.*\.onnx$/), 'photos are the default');
  assert.ok(!wasAsked(/d8b1.*\.onnx$/));
  await page.getByRole('radio', { name: 'Clean originals' }).check({ force: true });
  await page.getByRole('radio', { name: 'JPEG' }).check({ force: true });
  await waitForStatus(page, /^Done/);
  assert.ok(wasAsked(/d8b1.*\.onnx$/));
  await page.reload();
  await page.locator('#weights input[value=clean]:checked:enabled').waitFor({ state: 'attached' });
  assert.ok(await page.getByRole('radio', { name: 'JPEG' }).isChecked());
});

test('EXIF and XMP of a photo are in the result, upright, and that is said', async (t) => {
  const page = await visit(t);
  const photo = visits.withXmp(visits.withOrientation(await makePicture(page, { type: 'image/jpeg' }), 6), '<a tiff:Orientation="6"/>');
  await choose(page, 'photo.jpg', 'image/jpeg', photo);
  await waitForStatus(page, /^Done in .*64 × 96/);
  for (const [format, marker] of [['JPEG', 'Exif\0\0MM'], ['PNG', 'eXIfMM']]) {
    await page.getByRole('radio', { name: format }).check({ force: true });
    const { content } = await visits.download(page);
    assert.ok(content.includes(marker), format);
    assert.ok(content.includes('<a tiff:Orientation="1"/>'), format);
    const { width, height } = await visits.decode(page, content, `image/${format.toLowerCase()}`);
    assert.deepEqual([width, height], [64, 96], 'it is not turned twice');
    await page.getByText(/EXIF data .* are kept; its XMP data .* are kept/).waitFor();
  }
  await page.getByRole('radio', { name: 'WebP' }).check({ force: true });
  await visits.download(page);
  await page.getByText(/EXIF data .* are left out; its XMP data .* are left out/).waitFor();
});

/** In the page: canvases give out noise, as with Firefox's resistFingerprinting. */
function hidePixels() {
  for (const { prototype } of [OffscreenCanvasRenderingContext2D, CanvasRenderingContext2D]) {
    prototype.getImageData = (_x, _y, width, height) => {
      const noise = new ImageData(width, height);
      noise.data.forEach((_, i) => (noise.data[i] = (i * 7919) % 256));
      return noise;
    };
  }
  HTMLCanvasElement.prototype.toBlob = (callback) => callback(new Blob(['noise'], { type: 'image/png' }));
}

test('where canvases give out false pixels, true ones are enlarged and saved', async (t) => {
  const page = await visit(t, { before: hidePixels });
  const plain = await visit(t);
  const photo = visits.withOrientation(await makePicture(plain, { type: 'image/jpeg' }), 3);
  await choose(page, 'photo.jpg', 'image/jpeg', photo);
  await choose(plain, 'photo.jpg', 'image/jpeg', photo);
  await waitForStatus(page, /^Done in .*96 × 64/);
  await waitForStatus(plain, /^Done/);
  assert.ok(await page.locator('#formats input[value=jpg]').isDisabled());
  const [found, expected] = [await visits.download(page), await visits.download(plain)];
  const [a, b] = [found, expected].map(({ content }) => visits.decode(plain, content, 'image/png'));
  const [{ width, height, ...seen }, known] = [await a, await b];
  assert.deepEqual([width, height], [known.width, known.height]);
  for (const side of /** @type {const} */ (['top', 'bottom'])) {
    // Chromium's two ways to decode JPEG differ by one step.
    seen[side].forEach((value, i) => assert.ok(Math.abs(value - known[side][i]) <= 1, side));
  }
});

test('where canvases give out false pixels and nothing else gives true ones, that is said', async (t) => {
  const page = await visit(t, { before: hidePixels });
  await page.evaluate(() => Reflect.deleteProperty(window, 'ImageDecoder'));
  await choose(page, 'photo.png', 'image/png', await makePicture(page));
  assert.match(await readMessage(page), /hides the pixels .* against fingerprinting\. Allow/);
});

test('on a plain http address of a network pictures are enlarged too', async (t) => {
  const page = await visit(t, { host: 'plain.test' });
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await enlarge(page);
});

test('a result is shared, and a picture pasted by a button', async (t) => {
  const page = await visit(t, {
    context: { permissions: ['clipboard-read', 'clipboard-write'] },
    before: () => {
      navigator.canShare = () => true;
      navigator.share = async (data) => void Object.assign(window, { shared: data?.files?.[0]?.name });
    },
  });
  await enlarge(page);
  await page.click('#share');
  await page.getByText('Shared.').waitFor();
  assert.equal(await page.evaluate(() => Object(window).shared), 'photo@2x.png');
  await page.click('#copy');
  await page.getByText('Copied.').waitFor();
  await page.click('#paste');
  await waitForStatus(page, /^Done in .*192 × 128/);
});

test('before a long run is left, the browser asks', async (t) => {
  const page = await visit(t);
  const large = await makePicture(page, { width: 4000, height: 3000 });
  const isAsked = () =>
    page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  assert.equal(await isAsked(), false);
  await page.evaluate(() => {
    const { now } = performance;
    performance.now = () => 1000 * now.call(performance);
  });
  await choose(page, 'large.png', 'image/png', large);
  await waitForStatus(page, /^Enlarging/);
  assert.equal(await isAsked(), true);
  await page.keyboard.press('Escape');
  await waitForStatus(page, /^Stopped/);
  assert.equal(await isAsked(), false);
});

test('what a script would remove is seen without one', async (t) => {
  const page = await visit(t, { context: { javaScriptEnabled: false } });
  await page.locator('#not-started').filter({ hasText: 'has not started' }).waitFor();
});
