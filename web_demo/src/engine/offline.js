/**
 * Registers the service worker, which makes the page work offline and with threads.
 *
 * A browser that forbids it, or storage altogether, loses these two things and nothing else.
 */

const RELOADED = 'scnet-reloaded-for-threads';

/**
 * Call once, when the page begins. On a host that does not send the headers for threads, the page
 * is reloaded once, on the first visit, so that the service worker can add them.
 *
 * @param {{mayReload: () => boolean}} options Asked right before; say no if the visitor has begun
 *   to do something. Threads then come with the next visit.
 */
export async function startOffline({ mayReload }) {
  if (!('serviceWorker' in navigator)) return;
  try {
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (!globalThis.crossOriginIsolated && mayReload() && isFirstReload()) location.reload();
    });
    await navigator.serviceWorker.register('service_worker.js', { updateViaCache: 'none' });
  } catch {
    // Storage is denied, or the address is not secure.
  }
}

/**
 * Let the service worker keep what was fetched before it was there.
 *
 * @param {string[]} resources Addresses of what a worker fetched; the page's own are known.
 */
export async function keepForOffline(resources) {
  if (!('serviceWorker' in navigator)) return;
  const own = performance.getEntriesByType('resource').map(({ name }) => name);
  const registration = await navigator.serviceWorker.ready.catch(() => null);
  registration?.active?.postMessage({ keep: [...new Set([...own, ...resources])] });
}

/** A host or browser where the headers do not help must not be reloaded for ever. */
function isFirstReload() {
  try {
    const first = sessionStorage.getItem(RELOADED) === null;
    sessionStorage.setItem(RELOADED, 'yes');
    return first;
  } catch {
    return false; // nothing can be remembered, so better not at all
  }
}
