/** Limits of hosts, checked when the page is built rather than when it is published. */

const MIB = 2 ** 20;

/** https://developers.cloudflare.com/pages/platform/limits/ and the same for Workers. */
const CLOUDFLARE_MIB = 25;

/**
 * @param {{name: string, bytes: number}[]} files Of the page.
 * @returns {string[]} One sentence per file that a host refuses.
 */
export function findRefused(files) {
  const refused = files.filter(({ bytes }) => bytes > CLOUDFLARE_MIB * MIB);
  return refused.map(
    ({ name, bytes }) =>
      `${name} has ${(bytes / MIB).toFixed(1)} MiB, and Cloudflare (Pages and Workers) refuses ` +
      `files over ${CLOUDFLARE_MIB} MiB: publish the page on another host, such as GitHub Pages.`,
  );
}
