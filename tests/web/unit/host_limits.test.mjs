import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findRefused } from '../../../web_demo/host_limits.mjs';

test('a file that a host refuses is named, with the host and another one', () => {
  const [sentence, ...others] = findRefused([
    { name: 'engine.wasm', bytes: 26_781_914 },
    { name: 'model.onnx', bytes: 25 * 2 ** 20 },
  ]);
  assert.match(String(sentence), /^engine\.wasm has 25\.5 MiB.*Cloudflare.*25 MiB.*GitHub Pages\.$/);
  assert.deepEqual(others, []);
});
