/**
 * Firefox by WebDriver BiDi and WebKitGTK by WebDriver, from Debian's packages firefox-esr,
 * webkit2gtk-driver and xvfb; both standards, so that no further program is needed.
 *
 * @typedef {object} Browser
 * @property {(url: string) => Promise<void>} visit
 * @property {<Result>(act: (...values: any[]) => Result, ...values: any[]) => Promise<Awaited<Result>>} evaluate
 *   Runs a function in the page; what goes in and out is JSON.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A test machine may be busy; only what fails waits so long. */
const LONGEST_WAIT_MS = 300_000;

/** What was ended writes for a moment more. */
const REMOVING = { recursive: true, force: true, maxRetries: 20, retryDelay: 200 };

const DISPLAY = ':97';
const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/**
 * Each with what installs it where it is missing.
 *
 * @type {{name: string, open: (t: import('node:test').TestContext) => Promise<Browser>, missing: string|false}[]}
 */
export const BROWSERS = [
  {
    name: 'Firefox',
    open: openFirefox,
    missing: !existsSync('/usr/bin/firefox-esr') && 'apt-get install firefox-esr',
  },
  {
    name: 'WebKitGTK',
    open: openWebKit,
    missing:
      !['/usr/bin/WebKitWebDriver', MINI_BROWSER, '/usr/bin/Xvfb'].every(existsSync) &&
      'apt-get install webkit2gtk-driver xvfb',
  },
];

/** @type {(t: import('node:test').TestContext, name: string, args: string[], options?: object) => import('node:child_process').ChildProcess} */
function start(t, name, args, options = {}) {
  const child = spawn(name, args, { detached: true, ...options });
  t.after(() => {
    if (child.pid && child.exitCode === null) process.kill(-child.pid); // with all that it has started
  });
  return child;
}

/** @type {(child: import('node:child_process').ChildProcess, pattern: RegExp) => Promise<string>} */
function waitForOutput(child, pattern) {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (/** @type {Buffer} */ data) => {
      const found = (output += data).match(pattern);
      if (found) resolve(`${found[1]}`);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('exit', () => reject(new Error(output)));
  });
}

/** @type {(t: import('node:test').TestContext, preferences?: Record<string, boolean>) => Promise<Browser>} */
export async function openFirefox(t, preferences = {}) {
  const profile = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${value});`);
  writeFileSync(path.join(profile, 'user.js'), lines.join('\n'));
  const args = ['--headless', '--remote-debugging-port', '0', '--profile', profile, '--no-remote'];
  const firefox = start(t, 'firefox-esr', args);
  t.after(() => rmSync(profile, REMOVING));
  const address = await waitForOutput(firefox, /BiDi listening on (ws:\S+)/);
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve) => (socket.onopen = resolve));
  /** @type {Map<number, (message: any) => void>} */
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    waiting.get(message.id)?.(message);
  };
  let count = 0;
  const send = async (/** @type {string} */ method, /** @type {object} */ params) => {
    const id = count++;
    socket.send(JSON.stringify({ id, method, params }));
    const message = await new Promise((resolve) => waiting.set(id, resolve));
    if (message.type === 'error') throw new Error(message.message);
    return message.result;
  };
  await send('session.new', { capabilities: {} });
  const { contexts } = await send('browsingContext.getTree', {});
  const { context } = contexts[0];
  return {
    visit: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    evaluate: async (act, ...values) => {
      const functionDeclaration = `async () => JSON.stringify(await (${act})(...${JSON.stringify(values)}))`;
      const call = { functionDeclaration, awaitPromise: true, target: { context } };
      const { result, exceptionDetails } = await send('script.callFunction', call);
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return result.value === undefined ? undefined : JSON.parse(result.value);
    },
  };
}

/** @type {(t: import('node:test').TestContext) => Promise<Browser>} */
async function openWebKit(t) {
  const home = mkdtempSync(path.join(tmpdir(), 'scnet-'));
  start(t, 'Xvfb', [DISPLAY]);
  const env = { ...process.env, DISPLAY, HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home };
  // Two sandboxes in one: Debian's containers have one already.
  Object.assign(env, { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' });
  const port = 20_000 + (process.pid % 20_000);
  start(t, 'WebKitWebDriver', [`--port=${port}`], { env, stdio: 'ignore' });
  t.after(() => rmSync(home, REMOVING));
  const ask = async (/** @type {string} */ name, /** @type {object} */ body) => {
    const response = await fetch(`http://127.0.0.1:${port}/session${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    const { value } = /** @type {any} */ (await response.json());
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const options = { binary: MINI_BROWSER, args: ['--automation'] };
  const wanted = { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } };
  const { sessionId } = await retry(() => ask('', wanted));
  await ask(`/${sessionId}/timeouts`, { script: LONGEST_WAIT_MS, pageLoad: LONGEST_WAIT_MS });
  return {
    visit: (url) => ask(`/${sessionId}/url`, { url }),
    evaluate: async (act, ...values) => {
      const script = `const [done] = [...arguments].slice(-1);
        (async () => (${act})(...${JSON.stringify(values)}))().then(
          (value) => done({ json: JSON.stringify(value) }), (error) => done({ error: String(error) }));`;
      const { json, error } = await ask(`/${sessionId}/execute/async`, { script, args: [] });
      if (error) throw new Error(error);
      return json === undefined ? undefined : JSON.parse(json);
    },
  };
}

/** @type {<Result>(act: () => Promise<Result>) => Promise<Result>} Until the driver listens. */
async function retry(act) {
  for (let i = 0; ; i++) {
    try {
      return await act();
    } catch (error) {
      if (i === 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
