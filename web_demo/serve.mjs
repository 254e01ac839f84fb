/**
 * Server of the built page, for this machine only: `node serve.mjs [--port PORT] [--open] [--lan]`.
 *
 * With `--lan` all machines of the network reach it, such as a phone, by https with a certificate that
 * is made at start by `openssl` and signed by nobody: browsers warn, and ask whether to go on. Browsers
 * give threads, WebGPU and the camera to https only.
 *
 * @typedef {object} Options
 * @property {number} [port] Any free one by default.
 * @property {boolean} [lan] For all machines of the network, by https; false by default.
 * @property {boolean} [isolated] Send the headers with which a page may share memory between
 *   threads; true by default.
 * @property {(path: string) => Answer|null} [intercept] Called first, for tests; null serves the file.
 *
 * @typedef {{status: number, content: string|Uint8Array}} Answer
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TYPES = new Map([
  ['.css', 'text/css'],
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript'],
  ['.json', 'application/json'],
  ['.mjs', 'text/javascript'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
  ['.wasm', 'application/wasm'],
  ['.webmanifest', 'application/manifest+json'],
  ['.webp', 'image/webp'],
]);

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * @param {string} folder
 * @param {Options} [options]
 * @returns {Promise<{url: string, close: () => void}>} Its address, ending with a slash.
 */
export async function serve(folder, options = {}) {
  const { port = 0, lan = false, isolated = true, intercept = () => null } = options;
  /** @type {import('node:http').RequestListener} */
  const answer = async (request, response) => {
    const name = nameOf(request.url ?? '/');
    const { status, content } = intercept(name) ?? (await read(folder, name));
    response.writeHead(status, {
      'Content-Type': TYPES.get(path.extname(name)) ?? 'application/octet-stream',
      ...(isolated ? ISOLATION : {}),
    });
    response.end(content);
  };
  const host = lan ? findAddress() : '127.0.0.1';
  const server = lan ? createSecureServer(makeCertificate(host), answer) : createServer(answer);
  await once(server.listen(port, host), 'listening');
  const { port: chosen } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `${lan ? 'https' : 'http'}://${host}:${chosen}/`, close };
}

/** @returns {string} Of this machine in its network. */
function findAddress() {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outer = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!outer) throw new Error('This machine is in no network: leave out --lan.');
  return outer.address;
}

/** @type {(address: string) => {key: Buffer, cert: Buffer}} Valid for a week, kept in memory only. */
function makeCertificate(address) {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  try {
    execFileSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', '/CN=SCNet Mobile', '-addext', `subjectAltName=IP:${address}`, '-days', '7'],
      ...['-keyout', key, '-out', cert],
    ]);
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} address Path and query.
 * @returns {string} Relative to the folder.
 */
function nameOf(address) {
  const [name = ''] = address.slice(1).split('?', 1);
  return name === '' || name.endsWith('/') ? `${name}index.html` : name;
}

/** @type {(folder: string, name: string) => Promise<Answer>} */
async function read(folder, name) {
  try {
    const file = path.join(folder, decodeURIComponent(name));
    if (!file.startsWith(folder + path.sep)) throw new RangeError('outside');
    return { status: 200, content: await readFile(file) };
  } catch {
    return { status: 404, content: 'Not found' };
  }
}

/** Commands that open an address in the default browser, by system. */
const OPENERS = new Map([
  ['darwin', 'open'],
  ['win32', 'explorer'],
]);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      open: { type: 'boolean', default: false },
      lan: { type: 'boolean', default: false },
    },
  });
  const { lan } = values;
  const folder = path.join(import.meta.dirname, 'dist');
  const { url } = await serve(folder, { port: Number(values.port), lan });
  console.log(`The page is at ${url}; Ctrl-C ends it.`);
  if (values.open) {
    const opener = spawn(OPENERS.get(process.platform) ?? 'xdg-open', [url], { stdio: 'ignore' });
    opener.on('error', () => console.log('No browser could be started: open the address yourself.'));
  }
}
