/** What is known of a file: from its manifest, beside it or given; or a sentence. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeModel, findModel } from '../../../mobile_runtime/javascript/manifest.js';

const sample = (/** @type {string} */ name, side = 4) => ({
  ...{ name, input: `golden/${name}.u8`, input_sha256: '0', input_shape: [1, 3, side, side], input_dtype: 'uint8' },
  ...{ output: `golden/${name}.f32`, output_sha256: '0', output_shape: [1, 3, 2 * side, 2 * side], output_stride: 3 },
});
const MODEL = {
  ...{ format: 'onnx', variant: 't', scale: 2, head: 'direct', precision: 'fp16', shift: 'depthwise', halo: 17, sizes: null },
  ...{ input: { name: 'image', dtype: 'float32' }, output: { name: 'upscaled_image' }, weights: { licence: 'Apache-2.0' } },
};
const MANIFEST = {
  ...{ schema_version: 2, file: 'a.onnx', sha256: '0', model: MODEL, operators: { Conv: 2 } },
  golden: [sample('large', 9), sample('first'), sample('between'), sample('worst')],
};
const BYTES = new Uint8Array(1);

/** @param {import('node:test').TestContext} t @param {string} content */
function serve(t, content) {
  const { fetch } = globalThis;
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = async (url) => (asked.push(`${url}`), new Response(content));
  t.after(() => (globalThis.fetch = fetch));
  return asked;
}

test('manifest and samples lie beside the model', async (t) => {
  const asked = serve(t, JSON.stringify(MANIFEST));
  const { url, scale, golden, label } = await findModel({ model: 'https://a.test/m/a.onnx' });
  assert.deepEqual(asked, ['https://a.test/m/a.onnx.json']);
  assert.deepEqual([url, scale, label], ['https://a.test/m/a.onnx', 2, 'SCNet-T ×2']);
  const addresses = golden.map(({ input, output }) => [input.url, output.stride]);
  assert.deepEqual(addresses, [
    ['https://a.test/m/golden/first.u8', 3],
    ['https://a.test/m/golden/worst.u8', 3],
  ]);
});

test('bytes get an address of their own, and samples come from where they are said to be', async () => {
  const locate = (/** @type {string} */ name) => new URL(name, 'https://b.test/');
  const { url, golden } = await findModel({ model: BYTES, manifest: MANIFEST, locate });
  assert.match(url, /^blob:/);
  assert.equal(golden[0]?.input.url, 'https://b.test/golden/first.u8');
  assert.deepEqual((await findModel({ model: BYTES, manifest: MANIFEST, selfTest: false })).golden, []);
});

for (const [what, options, words] of /** @type {const} */ ([
  ['no model', {}, /no model in this package/],
  ['bytes alone', { model: BYTES }, /need its `manifest`/],
  ['bytes without samples', { model: BYTES, manifest: MANIFEST }, /give `locate`, or `selfTest: false`/],
])) {
  test(`${what}: refused in words`, async () => {
    await assert.rejects(findModel(options), (error) => error instanceof TypeError && words.test(error.message));
  });
}

for (const [what, manifest] of Object.entries({
  'another schema': { ...MANIFEST, schema_version: 3 },
  'another format': { ...MANIFEST, model: { ...MODEL, format: 'tflite' } },
  'one size only': { ...MANIFEST, model: { ...MODEL, sizes: [[8, 8]] } },
  'no manifest': null,
})) {
  test(`${what}: refused as a wrong model`, () => {
    assert.throws(() => describeModel(manifest, () => ''), { name: 'UpscalerError', code: 'model-wrong' });
  });
}

test('a manifest that is no JSON is a wrong model', async (t) => {
  serve(t, '<!doctype html>');
  await assert.rejects(findModel({ model: 'https://a.test/a.onnx' }), { code: 'model-wrong' });
});
