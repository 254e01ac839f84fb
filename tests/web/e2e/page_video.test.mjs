/** A whole video to a file: its frames enlarged, its sound and times as they were. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { choose, decode, download, readMessage, visit, waitForStatus } from './page_visit.mjs';

/** @typedef {import('./page_visit.mjs').Page} Page */

const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
after(() => rmSync(folder, { recursive: true }));

/** A tenth of these is a frame: red above, blue below, with a tone. */
const PICTURE = 'color=red:64x24:r=10,pad=64:48:0:0:blue';

/** @param {string} name @param {string[]} codecs @param {number} [seconds] @returns {Buffer} */
function makeVideo(name, codecs, seconds = 1) {
  const file = path.join(folder, name);
  const sources = ['-f', 'lavfi', '-i', PICTURE, '-f', 'lavfi', '-i', 'sine=440:r=48000'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...sources, '-t', `${seconds}`, ...codecs, file]);
  return readFileSync(file);
}

/** @param {Buffer} content @returns {{width: number, height: number, sound: string, times: number[], packets: string[], seconds: number}} */
function probe(content) {
  const file = path.join(folder, 'probed');
  writeFileSync(file, content);
  const ask = ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', '-show_packets', '-show_data_hash', 'md5', file];
  const { streams, packets, format } = JSON.parse(execFileSync('ffprobe', ask, { encoding: 'utf8' }));
  const of = (/** @type {string} */ kind) => streams.find(({ codec_type }) => codec_type === kind);
  const packetsOf = (/** @type {string} */ kind) => packets.filter(({ codec_type }) => codec_type === kind);
  const { width, height } = of('video');
  return {
    ...{ width, height, sound: of('audio')?.codec_name, seconds: Number(format.duration) },
    times: packetsOf('video').map(({ pts_time }) => Number(pts_time)),
    packets: packetsOf('audio').map(({ data_hash }) => data_hash),
  };
}

/** @param {Buffer} video MP4, whose first track is turned by 90 degrees: the matrix of ISO/IEC 14496-12, 8.3.2. */
function turn(video) {
  const matrix = [0, 0x10000, 0, -0x10000, 0, 0, 48 << 16, 0, 0x40000000];
  const at = video.indexOf('tkhd') + 44;
  matrix.forEach((value, i) => video.writeInt32BE(value, at + 4 * i));
}

/** @param {Page} page @param {string} name @param {Buffer} content Begins the work on all of it. */
async function enlargeWhole(page, name, content) {
  await choose(page, name, `video/${path.extname(name).slice(1)}`, content);
  await page.click('#to-file');
}

/** In the page: no dialog asks for a place, and what is written leaves as a download. */
const withoutPicker = () => Reflect.deleteProperty(window, 'showSaveFilePicker');

/** In the page: the visitor takes the name that is proposed, in a folder that tests can read. */
function pickByItself() {
  Object.assign(window, {
    showSaveFilePicker: async (/** @type {{suggestedName: string}} */ { suggestedName }) => {
      const root = await navigator.storage.getDirectory();
      return root.getFileHandle(suggestedName, { create: true });
    },
  });
}

/** @param {Page} page @param {string} name @returns {Promise<Buffer>} */
async function readPicked(page, name) {
  const bytes = await page.evaluate(async (name) => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle(name)).getFile();
    return [...new Uint8Array(await file.arrayBuffer())];
  }, name);
  return Buffer.from(bytes);
}

const VP8 = ['-c:v', 'libvpx', '-c:a', 'libopus'];

test('a video leaves with larger frames, its times and its sound, and plays', async (t) => {
  const page = await visit(t, { before: withoutPicker });
  const video = makeVideo('film.webm', VP8);
  const [file] = await Promise.all([page.waitForEvent('download'), enlargeWhole(page, 'film.webm', video)]);
  const name = file.suggestedFilename();
  assert.match(name, /^film@2x\.(mp4|webm)$/);
  await waitForStatus(page, /^Done: the whole video\.$/);
  const saved = path.join(folder, name);
  await file.saveAs(saved);
  const [before, after] = [probe(video), probe(readFileSync(saved))];
  assert.deepEqual([after.width, after.height, after.sound], [128, 96, 'opus']);
  assert.deepEqual(after.times.map((time) => time.toFixed(2)), before.times.map((time) => time.toFixed(2)));
  assert.deepEqual(after.packets, before.packets, 'the sound is copied');
  const colors = execFileSync('ffmpeg', ['-v', 'error', '-i', saved, '-frames:v', '1', '-vf', 'scale=1:2', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
  assert.ok(colors[0] > colors[2] && colors[5] > colors[3], `red above, blue below: ${[...colors]}`);
});

test('a video that lies on its side is saved upright, at a width, on the disk', async (t) => {
  const page = await visit(t, { before: pickByItself });
  const video = makeVideo('lying.mp4', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac'], 0.5);
  turn(video);
  await page.getByRole('radio', { name: 'Width' }).check({ force: true });
  await page.fill('#width', '80');
  await enlargeWhole(page, 'turned.mp4', video);
  await waitForStatus(page, /^Done: the whole video\.$/);
  const [before, after] = [probe(video), probe(await readPicked(page, 'turned@80w.mp4'))];
  assert.deepEqual([after.width, after.height, after.sound], [80, 106, 'aac']);
  assert.equal(after.times.length, before.times.length);
  assert.ok(Math.abs(after.seconds - before.seconds) < 0.1);
  const still = await download(page);
  assert.equal(still.name, 'turned@80w.png');
  const { width, height } = await decode(page, still.content, 'image/png');
  assert.deepEqual([width, height], [80, 107], 'its last frame, not as the network made it');
});

test('what is done when a video is stopped is a file that plays', async (t) => {
  const page = await visit(t, { before: pickByItself });
  const video = makeVideo('long.webm', VP8, 60);
  await enlargeWhole(page, 'long.webm', video);
  await waitForStatus(page, /^Enlarging the video: [1-9]\d* %, .* left$/);
  await page.click('#stop');
  await waitForStatus(page, /^Stopped\.$/);
  const said = await page.locator('#notice').innerText();
  const [, name = ''] = said.match(/^Saved as (long@2x\.\w+): 128 × 96 pixels, /) ?? [];
  const { times, seconds, packets } = probe(await readPicked(page, name));
  assert.ok(times.length >= 1 && times.length < 600, `${times.length} frames`);
  assert.ok(packets.length > 0 && seconds < 60);
});

test('a video that this browser cannot take apart, or write, is said', async (t) => {
  const page = await visit(t, {
    before: () => {
      VideoEncoder.isConfigSupported = async (config) => ({ supported: false, config });
    },
  });
  await enlargeWhole(page, 'film.webm', makeVideo('film.webm', VP8));
  assert.match(await readMessage(page), /cannot write a video of 128 × 96 pixels. Enlarge it less/);
});
