/** Settings of the build that are wrong are said before anything is made. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

const BUILD = path.join(import.meta.dirname, '../../../web_demo/build.mjs');

for (const address of ['example.org/source', 'http://example.org', 'javascript:alert(1)']) {
  test(`${address} is no address of source code`, () => {
    const { status, stderr } = spawnSync(process.execPath, [BUILD, '--source-url', address], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /--source-url must be an https address/);
  });
}
