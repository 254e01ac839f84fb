/** Saving of a Blob as a file. */

import { make } from './elements.js';

/** @type {(blob: Blob, name: string) => void} */
export function saveFile(blob, name) {
  const link = make('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it late
}
