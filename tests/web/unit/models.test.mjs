/** Reading converted files into the page: the right one per scale, or a sentence. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { BuildError, readModels } from '../../../web_demo/models.mjs';

const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');

/**
 * Write a file and its manifest.
 *
 * @param {string} folder
 * @param {object} model What is special about it.
 * @param {object} manifest
 */
function write(folder, model, manifest = {}) {
  const facts = {
    ...{ format: 'onnx', variant: 't', scale: 2, head: 'direct', precision: 'fp16' },
    ...{ shift: 'slice_concat', halo: 18, sizes: null, weights: { name: 'scnet.safetensors', licence: 'Apache-2.0' } },
    ...{ input: { name: 'image', dtype: 'float32' }, output: { name: 'upscaled_image' } },
    ...model,
  };
  const file = `${facts.weights.name}-x${facts.scale}-${facts.head}-${facts.precision}-${facts.shift}.onnx`;
  writeFileSync(path.join(folder, file), file);
  const golden = [[9, 9], [4, 5], [4, 5], [4, 5]].map(([height, width], i) => {
    writeFileSync(path.join(folder, `${i}.f32`), `${i}`);
    const end = { input: `${i}.f32`, input_sha256: sha256(`${i}`), input_shape: [1, 3, height, width] };
    const outShape = [1, 3, height * facts.scale, width * facts.scale];
    const kept = i === 3 ? {} : { input_dtype: 'uint8', output_stride: 3 }; // {}: as it used to be
    const start = { output: `${i}.f32`, output_sha256: sha256(`${i}`), output_shape: outShape };
    return { name: `${i}`, ...end, ...start, ...kept };
  });
  const content = {
    ...{ schema_version: 2, file, sha256: sha256(file), model: facts },
    ...{ operators: { Conv: 3, Add: 2 }, golden },
    ...manifest,
  };
  writeFileSync(path.join(folder, `${file}.json`), JSON.stringify(content));
}

/** @param {import('node:test').TestContext} t */
function makeFolder(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('of each scale and kind the best file is taken, and what a self-test needs', async (t) => {
  const folder = makeFolder(t);
  write(folder, { head: 'pixelshuffle' });
  write(folder, { precision: 'fp32' });
  write(folder, { shift: 'depthwise' });
  write(folder, {});
  write(folder, { scale: 4, head: 'pixelshuffle', precision: 'fp32' });
  write(folder, { weights: { name: 'scnet-t-x2-direct-photo.safetensors', licence: 'Apache-2.0' } });
  write(folder, { scale: 3, precision: 'w8a8' });
  write(folder, { scale: 3, sizes: [[64, 64]] });
  const { catalog, files } = await readModels(folder);
  assert.deepEqual(
    catalog.models.map(({ weights, file }) => `${weights} ${file}`),
    [
      'photo scnet-t-x2-direct-photo.safetensors-x2-direct-fp16-slice_concat.onnx',
      'clean scnet.safetensors-x2-direct-fp16-slice_concat.onnx',
      'clean scnet.safetensors-x4-pixelshuffle-fp32-slice_concat.onnx',
    ],
  );
  const [entry] = catalog.models;
  assert.equal(entry.operators, 5);
  assert.deepEqual(
    entry.golden.map(({ name, input, output }) => [name, input.dtype, output.stride]),
    [['1', 'uint8', 3], ['3', 'float32', 1]],
  );
  for (const { url } of [entry, entry.golden[0].input]) assert.ok(files.has(url.slice('../../'.length)));
});

for (const [what, model, manifest, words] of /** @type {const} */ ([
  ['another file', {}, { sha256: '0' }, /not the file that its manifest describes/],
  ['a file that is gone', {}, { file: 'gone.onnx' }, /cannot be read \(ENOENT\)/],
  ['another schema', {}, { schema_version: 3 }, /not a manifest of version 1 or 2/],
  ['a fixed size only', { sizes: [[8, 8]] }, {}, /No .onnx file for any size/],
])) {
  test(`${what} is refused in words`, async (t) => {
    const folder = makeFolder(t);
    write(folder, model, manifest);
    await assert.rejects(readModels(folder), (error) => {
      assert.ok(error instanceof BuildError);
      assert.match(error.message, words);
      return true;
    });
  });
}

test('no folder at all is refused in words', async () => {
  await assert.rejects(readModels('/nowhere'), /scnet convert/);
});
