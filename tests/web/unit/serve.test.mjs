import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { serve } from '../../../web_demo/serve.mjs';

/**
 * A request as it is: `fetch` tidies paths.
 *
 * @param {string} url
 * @param {string} asked
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
const ask = (url, asked) => new Promise((resolve) => get(url, { path: asked }, resolve).end());

for (const [asked, status] of /** @type {const} */ ([
  ['/', 200],
  ['/index.html?x', 200],
  ['/missing.html', 404],
  ['/../secret.txt', 404],
  ['/..%2fsecret.txt', 404],
  ['/%2e%2e/secret.txt', 404],
  ['/%ff', 404],
  ['//[', 404],
])) {
  test(`${asked} is ${status}, with the headers for threads`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(path.join(folder, 'page'));
    writeFileSync(path.join(folder, 'page/index.html'), 'page');
    writeFileSync(path.join(folder, 'secret.txt'), 'secret');
    const { url, close } = await serve(path.join(folder, 'page'));
    t.after(close);
    const response = await ask(url, asked);
    assert.equal(response.statusCode, status);
    assert.equal(response.headers['cross-origin-embedder-policy'], 'require-corp');
  });
}

test('other machines of the network reach the page by https, with a certificate for its address', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'index.html'), 'page');
  const { url, close } = await serve(folder, { lan: true });
  t.after(close);
  const { protocol, hostname } = new URL(url);
  assert.equal(protocol, 'https:');
  assert.notEqual(hostname, '127.0.0.1');
  /** @type {import('node:http').IncomingMessage} */
  const response = await new Promise((resolve, reject) => {
    getSecurely(url, { rejectUnauthorized: false }, resolve).on('error', reject).end();
  });
  const socket = /** @type {import('node:tls').TLSSocket} */ (response.socket);
  assert.equal(socket.getPeerCertificate().subjectaltname, `IP Address:${hostname}`);
  assert.equal(response.statusCode, 200);
});
