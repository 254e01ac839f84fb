/** Reading golden samples into the page, as today's files and as older ones have them. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { fetchGolden } from '../../../mobile_runtime/javascript/model_files.js';

const PIXELS = Uint8Array.of(0, 1, 255);
const OUTPUT = Float32Array.of(-0.25, 0.5, 1.25);

for (const [dtype, content] of /** @type {const} */ ([
  ['uint8', PIXELS],
  ['float32', Float32Array.from(PIXELS, (value) => value / 255)],
])) {
  test(`an input of ${dtype} is the same image`, async (t) => {
    const files = { input: content, output: OUTPUT };
    const { fetch } = globalThis;
    globalThis.fetch = async (url) =>
      new Response(new Uint8Array(files[String(url).endsWith('input') ? 'input' : 'output'].buffer));
    t.after(() => (globalThis.fetch = fetch));
    const sample = { width: 1, height: 1, dtype, stride: 1 };
    const [input, output] = Object.entries(files).map(([url, { buffer }]) => ({
      ...{ ...sample, url },
      sha256: createHash('sha256').update(new Uint8Array(buffer)).digest('hex'),
    }));
    const entry = /** @type {any} */ ({ label: '', golden: [{ input, output }] });
    const [golden] = await fetchGolden(entry);
    assert.deepEqual(golden?.input.values, Float32Array.of(0, 1 / 255, 1));
    assert.deepEqual(golden?.output.values, OUTPUT);
  });
}
