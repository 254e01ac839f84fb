/** The engine as a package: the page uses its front door only, and what npm packs is complete. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.join(import.meta.dirname, '../../..');
const PAGE = path.join(ROOT, 'web_demo');
const PACKAGE = path.join(ROOT, 'mobile_runtime/javascript');

const read = (/** @type {string[]} */ ...names) => readFileSync(path.join(...names), 'utf8');
const { version, exports, peerDependencies } = JSON.parse(read(PACKAGE, 'package.json'));

test('the page imports nothing of the package but its two doors', () => {
  const doors = [exports['.'].default, exports['./benchmark'].default].map((name) => path.join(PACKAGE, name));
  const found = readdirSync(path.join(PAGE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const file = path.join(PAGE, 'src', name);
      // Imports of types too, which stand in comments.
      return [...read(file).matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, to]) => path.join(file, '..', `${to}`));
    })
    .filter((file) => !file.startsWith(path.join(PAGE, 'src')));
  assert.ok(found.length > 10);
  assert.deepEqual(found.filter((file) => !doors.includes(file)), []);
});

test('the types are those of the sources: `npm run types` writes them', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const tsc = path.join(PAGE, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json', '--outDir', folder], { cwd: PAGE });
  const kept = path.join(PACKAGE, 'types');
  assert.deepEqual(readdirSync(kept), readdirSync(folder));
  for (const name of readdirSync(folder)) assert.equal(read(kept, name), read(folder, name), name);
});

test('version, license and the engine are those of the project', () => {
  assert.equal(version, /^version = "(.+)"$/m.exec(read(ROOT, 'pyproject.toml'))?.[1]);
  assert.equal(read(PACKAGE, 'LICENSE'), read(ROOT, 'LICENSE'));
  const { dependencies } = JSON.parse(read(PAGE, 'package.json'));
  assert.equal(peerDependencies['onnxruntime-web'], `~${dependencies['onnxruntime-web']}`);
});
