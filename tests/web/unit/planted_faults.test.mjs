/** The vectors show a fault that is planted in the sources, as in Swift and in Kotlin. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const PACKAGE = path.join(import.meta.dirname, '../../../mobile_runtime/javascript');

/**
 * Name, a piece of tiles.js and what is planted. Files for any size need no mirror at the border of the
 * picture, where the tile ends: the fault mirrors its beginning.
 */
const FAULTS = /** @type {const} */ ([
  ['a halo short by one pixel', 'Math.max(covered - halo, 0)', 'Math.max(covered - halo + 1, 0)'],
  ['a mirrored border', 'Math.max(covered - halo, 0)', 'Math.abs(covered - halo)'],
  ['a paste from the wrong column', '(column.keptStart - column.start) * scale', 'column.keptStart * scale'],
]);

for (const [what, piece, wrong] of FAULTS) {
  test(`${what} is found by the vectors`, (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
    t.after(() => rmSync(folder, { recursive: true }));
    cpSync(PACKAGE, folder, { recursive: true });
    const text = readFileSync(path.join(PACKAGE, 'tiles.js'), 'utf8');
    assert.equal(text.split(piece).length, 2);
    writeFileSync(path.join(folder, 'tiles.js'), text.replace(piece, wrong));
    const vectors = path.join(import.meta.dirname, 'vectors.test.mjs');
    const env = { ...process.env, SCNET_PACKAGE: folder, NODE_TEST_CONTEXT: undefined };
    const { stdout } = spawnSync(process.execPath, [vectors], { env, encoding: 'utf8', timeout: 60_000 });
    const count = (/** @type {RegExp} */ pattern) => [...stdout.matchAll(pattern)].length;
    assert.ok(count(/^not ok .*vector \d+/gm) >= 10, stdout);
    assert.ok(count(/^ok /gm) >= 3, 'what has no tiles is right');
  });
}
