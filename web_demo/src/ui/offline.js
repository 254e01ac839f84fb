/**
 * Registration of the service worker, which makes the page work offline and with threads.
 *
 * In a browser that forbids it, or any storage, only these two features are missing.
 */

const RELOADED = 'scnet-reloaded-for-threads';

/**
 * Call once, when the page begins. On a host that does not send the headers for threads, the page
 * is reloaded once, on the first visit, so that the service worker can add them.
 *
 * @param {{mayReload: () => boolean}} options Called right before; false if the visitor has
 *   started something. Threads then work from the next visit on.
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
 * Make the service worker cache what was fetched before it was active.
 *
 * @param {string[]} resources Fetched by a worker; those fetched by the page are known.
 */
export async function keepForOffline(resources) {
  if (!('serviceWorker' in navigator)) return;
  const own = performance.getEntriesByType('resource').map(({ name }) => name);
  const registration = await navigator.serviceWorker.ready.catch(() => null);
  registration?.active?.postMessage({ keep: [...new Set([...own, ...resources])] });
}

/** Check that the page was not reloaded yet: where the headers do not help, it would loop. */
function isFirstReload() {
  try {
    const first = sessionStorage.getItem(RELOADED) === null;
    sessionStorage.setItem(RELOADED, 'yes');
    return first;
  } catch {
    return false; // without storage it could loop
  }
}
