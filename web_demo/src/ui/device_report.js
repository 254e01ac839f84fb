/** What this device and this page are, for a report of a problem: copied, or saved as a file. */

import { describeTrials } from './backends.js';
import { button, element } from './elements.js';
import { sayOutcome } from './save_panel.js';
import { saveFile } from './save_file.js';
import { recallAll } from './settings.js';

/** Names the build: the folder of its modules. */
const VERSION = new URL(import.meta.url).pathname.split('/').at(-2);

/** @type {() => string} */
function describe() {
  const { userAgent, hardwareConcurrency, language } = navigator;
  const memoryGb = Object(navigator).deviceMemory ?? 'unknown';
  const facts = {
    Page: `${document.title} (${VERSION})`,
    Browser: userAgent,
    Device: `${hardwareConcurrency} cores, memory ${memoryGb} GB, screen ${screen.width} × ${screen.height} at ${devicePixelRatio}, ${language}`,
    Threads: crossOriginIsolated ? 'allowed' : 'not allowed here',
    Choices: JSON.stringify(recallAll()),
    Status: element('status', HTMLElement).textContent,
    Message: element('message-text', HTMLElement).textContent,
  };
  return [...Object.entries(facts).map(([name, fact]) => `${name}: ${fact || 'none'}`), ...describeTrials()].join('\n');
}

export function connectDeviceReport() {
  button('report').addEventListener('click', () => {
    void sayOutcome(async () => {
      await navigator.clipboard.writeText(describe());
      return 'Copied: what this device is.';
    });
  });
  button('save-report').addEventListener('click', () => {
    void sayOutcome(async () => {
      saveFile(new Blob([describe()], { type: 'text/plain' }), 'scnet-report.txt');
      return 'Saved as scnet-report.txt.';
    });
  });
}
