/**
 * Service worker: makes the page installable and usable offline, and adds the two headers that
 * threads need, for hosts that cannot (GitHub Pages): without them a page may not share memory.
 *
 * The page's own files are kept per version, from the start; models and engine, whose names change
 * with their content, from their first use. A new version takes over when no page of the old one
 * is open, so that no page gets files of another version.
 */

/**
 * Written by build.mjs: a hash of the page, and the names of its files.
 *
 * @type {{version: string, pageFiles: string[], largeFiles: string[]}}
 */
const { version, pageFiles, largeFiles } = /** @type {any} */ (globalThis).BUILD;

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

const ISOLATION = Object.freeze({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
});

const root = scope.registration.scope;

// With the scope in the name: a host may have this page twice.
const PAGE_CACHES = `scnet-page ${root} `;
const PAGE_CACHE = PAGE_CACHES + version;
const LARGE_CACHE = `scnet-large ${root}`;

const large = new Set(largeFiles.map((name) => new URL(name, root).href));

scope.addEventListener('install', (event) => event.waitUntil(keepPage()));

scope.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([forget(), scope.clients.claim()]));
});

scope.addEventListener('message', (event) => event.waitUntil(keepLarge(event.data.keep)));

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && request.url.startsWith(root)) {
    event.respondWith(answer(event).then(isolate));
  }
});

/** @type {(event: FetchEvent) => Promise<Response>} */
async function answer(event) {
  const { request } = event;
  if (request.mode === 'navigate') return fetchPage(request);
  const kept = await find(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && large.has(request.url)) {
    event.waitUntil(keep(request.url, response.clone()));
  }
  return response;
}

/** @type {(request: Request) => Promise<Response>} Return the newest page; offline, the kept one. */
async function fetchPage(request) {
  try {
    // Not from the browser's own cache: the files of an older page may be gone.
    return await fetch(request.url, { cache: 'no-cache', redirect: 'manual' });
  } catch (error) {
    const kept = (await find(request.url)) ?? (await find(new URL('index.html', root).href));
    if (kept) return kept;
    throw error;
  }
}

/** @type {(response: Response) => Response} The same, with the headers. */
function isolate(response) {
  if (response.type === 'opaqueredirect') return response; // the browser follows it, and asks again
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

async function keepPage() {
  const cache = await open(PAGE_CACHE);
  await cache?.addAll(pageFiles.map((name) => new Request(new URL(name, root), { cache: 'no-cache' })));
}

/** @param {string[]} urls Fetched before this worker was active. */
async function keepLarge(urls) {
  for (const url of urls.filter((url) => large.has(url))) {
    if (await find(url)) continue;
    const response = await fetch(url).catch(() => null); // offline: next time
    if (response?.ok) await keep(url, response);
  }
}

/** @type {(url: string, response: Response) => Promise<void>} */
async function keep(url, response) {
  const cache = await open(LARGE_CACHE);
  await cache?.put(url, response).catch(() => {}); // no space: it is fetched again
}

/** Delete what only older versions use. */
async function forget() {
  const names = await caches.keys().catch(() => /** @type {string[]} */ ([]));
  const old = names.filter((name) => name.startsWith(PAGE_CACHES) && name !== PAGE_CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  const cache = await open(LARGE_CACHE);
  const kept = (await cache?.keys()) ?? [];
  await Promise.all(kept.filter(({ url }) => !large.has(url)).map((request) => cache?.delete(request)));
}

/** @type {(url: string) => Promise<Response|undefined>} */
async function find(url) {
  for (const name of [PAGE_CACHE, LARGE_CACHE]) {
    const found = await (await open(name))?.match(url);
    if (found) return found;
  }
  return undefined;
}

/** @param {string} name @returns {Promise<Cache|null>} Null where storage is denied: the headers are still added. */
function open(name) {
  return caches.open(name).catch(() => null);
}
