/** Debian's Chromium, quiet, and without what a test machine lacks. */

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../web_demo/package.json', import.meta.url));
/** @type {typeof import('playwright-core')} */
const { chromium } = require('playwright-core');

/**
 * The popups of the address bar are pages of their own: half a second of processor time for each
 * window. The others are those of Playwright's list, which this one replaces, that pages or the
 * network could notice.
 */
const NOT_WANTED = [
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'AimEnabled', 'LensOverlay', 'MediaRouter'],
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'PaintHolding'],
  ...['HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'ThirdPartyStoragePartitioning'],
  ...['NetworkTimeServiceQuerying', 'OptimizationHints', 'PreconnectToSearch'],
];

const FLAGS = [
  ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', `--disable-features=${NOT_WANTED}`],
];

/** @param {string[]} flags */
const options = (flags) => ({ executablePath: '/usr/bin/chromium', args: [...FLAGS, ...flags] });

/** @param {string[]} flags */
export const launch = (flags) => chromium.launch(options(flags));

/**
 * @param {string} profile A folder with the settings of a visitor.
 * @param {string[]} flags
 * @param {import('playwright-core').BrowserContextOptions} settings
 */
export const launchProfile = (profile, flags, settings) =>
  chromium.launchPersistentContext(profile, { ...options(flags), ...settings });
