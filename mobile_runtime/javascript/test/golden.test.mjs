/** The model in this package computes what PyTorch does, in whole and in tiles; Node.js runs it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as ort from 'onnxruntime-web';

import { BUNDLED } from '../bundled.js';
import { describeModel } from '../manifest.js';
import { psnrDb } from '../parity.js';
import { crop, toImage, toPixels } from '../pixels.js';
import { planTiles, smallestSide } from '../tiles.js';

/** @import { Image } from '../pixels.js' */

assert.ok(BUNDLED, 'There is no model in this package: `scnet bundle FILE.onnx -o DIR` makes one that has.');
const { model: file, samples } = BUNDLED;
const manifest = JSON.parse(readFileSync(BUNDLED.manifest, 'utf8'));
const describe = (/** @type {object[]} */ golden) => describeModel({ ...manifest, golden }, (name) => `${samples[name]}`);
const model = describe([]);
const { own } = JSON.parse(readFileSync(new URL('../model/limits.json', import.meta.url), 'utf8'));
const session = await ort.InferenceSession.create(readFileSync(file));

/** @type {(image: Image) => Promise<Image>} */
async function run({ width, height, values }) {
  const feeds = { [model.input]: new ort.Tensor('float32', values, [1, 3, height, width]) };
  const { [model.output]: output } = await session.run(feeds);
  const data = /** @type {Float32Array<ArrayBuffer>} */ (await output?.getData());
  return { width: width * model.scale, height: height * model.scale, values: data };
}

/** @type {(sample: {url: string, dtype: string}) => Float32Array<ArrayBuffer>} */
function readInput({ url, dtype }) {
  const bytes = Uint8Array.from(readFileSync(new URL(url)));
  if (dtype === 'float32') return new Float32Array(bytes.buffer);
  return Float32Array.from(bytes, (value) => value / 255);
}

// A model is known with a few of its samples; here all of them count.
for (const { name, input, output } of manifest.golden.flatMap((/** @type {object} */ one) => describe([one]).golden)) {
  test(`${name} is as PyTorch computes it`, async () => {
    const found = await run({ ...input, values: readInput(input) });
    const expected = new Float32Array(Uint8Array.from(readFileSync(new URL(output.url))).buffer);
    const psnr = psnrDb({ ...output, values: expected }, found);
    assert.ok(psnr !== null && psnr >= own.psnr_db, `${psnr} dB`);
  });
}

test('tiles give what the whole gives', async () => {
  const { scale, halo } = model;
  const side = smallestSide(halo) + 8;
  const size = { width: side + 9, height: 12 };
  const data = Uint8ClampedArray.from({ length: 4 * size.width * size.height }, (_, i) => (i * i * 7) % 256);
  const picture = { ...size, data };
  const whole = await run(toImage(picture));
  const tiles = planTiles(size, { halo, side, scale });
  assert.ok(tiles.length > 1);
  for (const { read, kept, target } of tiles) {
    const part = toPixels(await run(toImage(crop(picture, read))), kept);
    const expected = toPixels(whole, { ...kept, ...target });
    part.data.forEach((value, i) => assert.ok(Math.abs(value - Number(expected.data[i])) <= 1));
  }
});
