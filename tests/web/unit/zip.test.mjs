/** The archive, as Python's zipfile reads it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { makeZip } from '../../../web_demo/src/ui/zip.js';

const READ = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
for name in archive.namelist():
    print(name, archive.read(name).decode())
`;

test('an archive holds its files, under their names', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = [
    { name: 'coffee@4x.png', blob: new Blob(['one']) },
    { name: 'Käse/ネコ@4x.png', blob: new Blob(['two']) },
    { name: 'empty', blob: new Blob([]) },
  ];
  const zip = path.join(folder, 'a.zip');
  writeFileSync(zip, Buffer.from(await (await makeZip(files)).arrayBuffer()));
  const found = execFileSync('python3', ['-X', 'utf8', '-c', READ, zip], { encoding: 'utf8' });
  assert.deepEqual(found.trimEnd().split('\n'), ['coffee@4x.png one', 'Käse/ネコ@4x.png two', 'empty']);
});

test('more than an archive holds is refused in words', async () => {
  const blob = /** @type {any} */ ({ size: 2 ** 32 });
  await assert.rejects(makeZip([{ name: 'a', blob }]), /Save the pictures one by one/);
});
