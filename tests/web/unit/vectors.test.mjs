// The vectors of tests/vectors, as far as the npm package goes: its files take any size.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';

// Another folder than the package holds a copy with a planted fault.
const { SCNET_PACKAGE = '../../../mobile_runtime/javascript' } = process.env;
/** @type {typeof import('../../../mobile_runtime/javascript/alpha.js')} */
const { upscaleAlpha } = await import(`${SCNET_PACKAGE}/alpha.js`);
/** @type {typeof import('../../../mobile_runtime/javascript/hidden_colors.js')} */
const { spreadColors } = await import(`${SCNET_PACKAGE}/hidden_colors.js`);
/** @type {typeof import('../../../mobile_runtime/javascript/pixels.js')} */
const { crop, isGray, removeColor, toImage, toPixels } = await import(`${SCNET_PACKAGE}/pixels.js`);
/** @type {typeof import('../../../mobile_runtime/javascript/tiles.js')} */
const { chooseHalo, planTiles } = await import(`${SCNET_PACKAGE}/tiles.js`);

const { tilings, rounding, transparency } = JSON.parse(
  readFileSync(new URL('../../vectors/tiles.json', import.meta.url), 'utf8'),
);
const DEFAULT_SIDE = 256;

/**
 * @typedef {import('../../../mobile_runtime/javascript/pixels.js').Image} Image
 * @typedef {import('../../../mobile_runtime/javascript/pixels.js').Pixels} Pixels
 * @typedef {import('../../../mobile_runtime/javascript/tiles.js').TilePlan} TilePlan
 * @typedef {{scale: number, halo: number}} Model
 */

/**
 * @param {number} count
 * @param {number} seed
 */
function makeBytes(count, seed) {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/**
 * @param {{height: number, width: number, seed: number, gray: boolean}} vector
 * @returns {Pixels}
 */
function makePicture({ height, width, seed, gray }) {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  const channels = gray ? 1 : 3;
  makeBytes(channels * width * height, seed).forEach((value, i) => {
    const start = 4 * Math.floor(i / channels) + (i % channels);
    data.fill(value, start, start + (gray ? 3 : 1));
  });
  return { width, height, data };
}

/**
 * The integer network of tests/vectors/network.py.
 *
 * @param {Image} image
 * @param {Model} model
 * @returns {Image}
 */
function run({ width, height, values }, { scale, halo }) {
  const result = { width: width * scale, height: height * scale };
  const output = new Float32Array(3 * result.width * result.height);
  const steps = halo === 0 ? [0] : [-halo, 0, halo];
  const at = (/** @type {number} */ color, /** @type {number} */ y, /** @type {number} */ x) =>
    y < 0 || x < 0 || y >= height || x >= width
      ? 0
      : Math.round(values[(color * height + y) * width + x] * 255);
  for (let color = 0; color < 3; color++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let total = 0;
        for (const dy of steps) for (const dx of steps) total += at(color, y + dy, x + dx);
        for (let i = 0; i < scale; i++) {
          const start = ((color * height + y) * scale + i) * result.width + x * scale;
          for (let j = 0; j < scale; j++) {
            output[start + j] = ((total + 7 * i + 13 * j + 29 * color) % 256) / 255;
          }
        }
      }
    }
  }
  return { ...result, values: output };
}

/**
 * @param {Pixels} picture
 * @param {TilePlan[]} tiles
 * @param {Model} model
 */
function upscale(picture, tiles, { scale, halo }) {
  const [width, height] = [picture.width * scale, picture.height * scale];
  const rgb = new Uint8Array(3 * width * height);
  const gray = isGray(picture);
  for (const { read, kept, target } of tiles) {
    const image = run(toImage(crop(picture, read)), { scale, halo });
    if (gray) removeColor(image);
    const part = toPixels(image, kept);
    for (let i = 0; i < kept.width * kept.height; i++) {
      const y = target.y + Math.floor(i / kept.width);
      const x = target.x + (i % kept.width);
      rgb.set(part.data.subarray(4 * i, 4 * i + 3), 3 * (y * width + x));
    }
  }
  return rgb;
}

/**
 * @param {TilePlan[]} tiles
 * @param {['x', 'width'] | ['y', 'height']} axis
 * @param {number} scale
 */
const spans = (tiles, [from, length], scale) => [
  ...new Set(
    tiles.map(({ read, kept, target }) => {
      const start = target[from] / scale;
      const stop = start + kept[length] / scale;
      assert.equal(kept[from], (start - read[from]) * scale);
      return JSON.stringify([read[from], read[from] + read[length], start, stop]);
    }),
  ),
].map((text) => JSON.parse(text));

for (const wanted of tilings) {
  const { height, width, scale, sizes, side, seed, refused } = wanted;
  const halo = chooseHalo({ ...wanted, halo8bit: wanted.halo_8bit ?? wanted.halo }, wanted.exact);
  if (sizes || refused === 'no pixels') continue; // its files take any size
  test(`vector ${seed}: ${width} x ${height}, halo ${halo}, side ${side}`, () => {
    const plan = () => planTiles({ width, height }, { halo, side: side ?? DEFAULT_SIDE, scale });
    if (refused) {
      assert.throws(plan, RangeError);
      return;
    }
    const tiles = plan();
    assert.equal(tiles.length, wanted.rows.length * wanted.columns.length);
    assert.deepEqual(spans(tiles, ['y', 'height'], scale), wanted.rows);
    assert.deepEqual(spans(tiles, ['x', 'width'], scale), wanted.columns);
    assert.equal(crc32(upscale(makePicture(wanted), tiles, wanted)), wanted.crc32);
  });
}

test('values become 8-bit ones as in Python', () => {
  const values = new Float32Array(Uint32Array.from(rounding.bits).buffer);
  const planes = Float32Array.from([...values, ...values, ...values]);
  const image = { width: values.length, height: 1, values: planes };
  const { data } = toPixels(image, { x: 0, y: 0, width: image.width, height: 1 });
  assert.deepEqual([...data.filter((_, i) => i % 4 === 0)], rounding.pixels);
});

test('8-bit values become float ones as in Python', () => {
  const data = Uint8ClampedArray.from({ length: 1024 }, (_, i) => i / 4);
  const { values } = toImage({ width: 256, height: 1, data });
  assert.deepEqual([...new Uint32Array(values.buffer, 0, 256)], rounding.floats);
});

for (const { height, width, scale, halo, side, seed, ...more } of transparency) {
  test(`transparency of ${width} x ${height} at x${scale} as in Python`, async () => {
    const data = Uint8ClampedArray.from(makeBytes(4 * width * height, seed));
    for (let i = 3; i < data.length; i += 4) if (data[i] < more.hidden_below) data[i] = 0;
    const picture = { width, height, data };
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 0) data.fill(0, i, i + 3);
    await spreadColors(picture, async () => {});
    const rgb = upscale(picture, planTiles(picture, { halo, side, scale }), { scale, halo });
    const area = { x: 0, y: 0, width: width * scale, height: height * scale };
    const result = { ...area, data: new Uint8ClampedArray(4 * area.width * area.height) };
    rgb.forEach((value, i) => (result.data[4 * Math.floor(i / 3) + (i % 3)] = value));
    upscaleAlpha(picture, scale, area, result);
    assert.equal(crc32(result.data), more.crc32);
  });
}
