/**
 * Builds the page: `node build.mjs [--models FOLDER] [--output FOLDER] [--source-url URL]`, of the finished
 * models by default; with the address of the source code it links to it.
 *
 *     index.html  benchmark.html  service_worker.js  manifest.webmanifest  LICENSE.txt  icons/  samples/
 *     assets/HASH/               the modules, the style, models.json; HASH is that of their content
 *     models/                    what models.json names; each file has its hash in its name
 *     onnxruntime-web-VERSION/   the engine
 *
 * All links are relative, so the folder works wherever it is put.
 */

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { BUILDS } from '../mobile_runtime/javascript/engine_file.js';
import { findRefused } from './host_limits.mjs';
import { BuildError, readModels } from './models.mjs';

const HERE = import.meta.dirname;

/** Supported by browsers since 2023; older ones lack what the engine needs. */
const TARGET = 'es2022';

const ENGINE = path.join(HERE, 'node_modules/onnxruntime-web');

/** Copied as they are. */
const STATIC = ['manifest.webmanifest', 'icons', 'samples'];

/** Modules that are loaded by name from outside the modules. */
const ENTRIES = [
  ...['src/main.js', 'src/benchmark_page.js', 'src/ui/models.js'],
  ...['src/ui/whole_worker.js', '../mobile_runtime/javascript/worker.js'],
];

/** Their heads begin with `head.html`. */
const PAGES = ['index.html', 'benchmark.html'];

/**
 * @param {string} models Folder of converted files.
 * @param {string} output Replaced once everything is complete.
 * @param {string|undefined} sourceUrl Of the public source code, if there is one.
 */
async function buildPage(models, output, sourceUrl) {
  const staging = `${output}.partial`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    const { catalog, files } = await readModels(models);
    const { version: engineVersion } = JSON.parse(await readFile(path.join(ENGINE, 'package.json'), 'utf8'));
    const engine = `onnxruntime-web-${engineVersion}`;
    const assets = await bundle(catalog, engine);
    const version = hash(...assets.keys(), ...assets.values());
    for (const name of STATIC) await copy(path.join(HERE, name), path.join(staging, name));
    for (const [name, content] of assets) await write(staging, `assets/${version}/${name}`, content);
    for (const [name, content] of files) await write(staging, name, content);
    for (const name of Object.values(BUILDS).flatMap(({ module, binary }) => [module, binary])) {
      await copy(path.join(ENGINE, 'dist', name), path.join(staging, engine, name));
    }
    await copy(path.join(HERE, '../LICENSE'), path.join(staging, 'LICENSE.txt'));
    for (const page of PAGES) await write(staging, page, await link(page, version, sourceUrl));
    await write(staging, 'service_worker.js', await bundleServiceWorker(staging));
    await rm(output, { recursive: true, force: true });
    await rename(staging, output);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * @param {object} catalog
 * @param {string} engine Its folder in the page.
 * @returns {Promise<Map<string, Uint8Array>>} Name -> content of all that lies in `assets/HASH`.
 */
async function bundle(catalog, engine) {
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: [...ENTRIES, 'style.css'],
    outdir: 'assets',
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: TARGET,
    define: { 'globalThis.ENGINE_FOLDER': JSON.stringify(engine) },
    external: ['../../icons/*'],
    logLevel: 'warning',
    write: false,
  });
  const content = new TextEncoder().encode(JSON.stringify(catalog));
  return new Map([
    ...outputFiles.map((file) => /** @type {const} */ ([path.basename(file.path), file.contents])),
    ['models.json', content],
  ]);
}

/**
 * Return a page with its links into `assets/HASH`, and to the source code.
 *
 * @param {string} name
 * @param {string} version
 * @param {string|undefined} sourceUrl
 */
async function link(name, version, sourceUrl) {
  const source = sourceUrl === undefined ? '' : `<a href="${new URL(sourceUrl).href}">Source code</a>.`;
  const read = (/** @type {string} */ file) => readFile(path.join(HERE, file), 'utf8');
  return (await read(name))
    .replace('<!-- head -->', await read('head.html'))
    .replace('<!-- source -->', source)
    .replaceAll(/"(?:src\/)?(\w+\.(?:js|css))"/g, `"assets/${version}/$1"`)
    .replaceAll(/\n\s+/g, '\n');
}

/** @param {string} folder Complete but for the service worker itself. */
async function bundleServiceWorker(folder) {
  const all = await list(folder);
  // Kept once it was used, not from the start.
  const isLarge = (/** @type {string} */ name) => /^(models|onnxruntime-web-)|\/video_file-/.test(name);
  const pageFiles = all.filter((name) => !isLarge(name));
  const contents = pageFiles.map((name) => readFile(path.join(folder, name)));
  const version = hash(...(await Promise.all(contents)));
  const facts = { version, pageFiles, largeFiles: all.filter(isLarge) };
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: ['src/service_worker.js'],
    bundle: true,
    minify: true,
    target: TARGET,
    define: { 'globalThis.BUILD': JSON.stringify(facts) },
    write: false,
  });
  return /** @type {{contents: Uint8Array}} */ (outputFiles[0]).contents;
}

/** @type {(folder: string) => Promise<string[]>} All files in it, as the page names them. */
async function list(folder) {
  return (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}

/** @param {string} folder The built page. */
async function warn(folder) {
  const measure = async (/** @type {string} */ name) => ({
    name,
    bytes: (await stat(path.join(folder, name))).size,
  });
  const files = await Promise.all((await list(folder)).map(measure));
  for (const sentence of findRefused(files)) console.warn(`Warning: ${sentence}`);
}

/** @type {(source: string, target: string) => Promise<void>} Copy a file, or a folder without its Markdown files. */
async function copy(source, target) {
  await cp(source, target, { recursive: true, filter: (name) => !name.endsWith('.md') });
}

/** @type {(folder: string, name: string, content: string|Uint8Array) => Promise<void>} */
async function write(folder, name, content) {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** @param {(string|Uint8Array)[]} parts */
function hash(...parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest('hex').slice(0, 12);
}

async function main() {
  const { values } = parseArgs({
    options: {
      models: { type: 'string', default: path.join(HERE, '../mobile_runtime/bundled_models') },
      output: { type: 'string', default: path.join(HERE, 'dist') },
      'source-url': { type: 'string' },
    },
  });
  const output = path.resolve(values.output);
  const sourceUrl = values['source-url'];
  if (sourceUrl !== undefined && !(URL.canParse(sourceUrl) && sourceUrl.startsWith('https:'))) {
    throw new BuildError(`--source-url must be an https address, not “${sourceUrl}”.`);
  }
  await buildPage(path.resolve(values.models), output, sourceUrl);
  await warn(output);
}

await main().catch((error) => {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
