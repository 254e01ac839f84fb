/** Buttons that save, share and copy the result. */

import { button, chosen } from './elements.js';
import { hideError, sayNotice } from './messages.js';
import { reportError } from './report_error.js';
import { saveFile } from './save_file.js';
import { copyResult, describeMetadata, makeFile, writableFormats } from './saving.js';
import { offer, rememberChoice } from './settings.js';
import { shown } from './viewer.js';

/** @import { Comparison } from './comparison.js' */

/** What each button does with a result, and says then. @type {Record<string, (result: Comparison) => Promise<string>>} */
const ACTS = {
  async download(result) {
    const format = chosen('formats');
    const file = await makeFile(result, format);
    saveFile(file, file.name);
    return `Saved as ${file.name}.${describeMetadata(result, format)}`;
  },
  async copy(result) {
    await copyResult(result);
    return 'Copied.';
  },
  async share(result) {
    const file = await makeFile(result, chosen('formats'));
    await navigator.share({ files: [file] });
    return 'Shared.';
  },
};

/** Enable the buttons if the result is finished. */
export function allowSaving() {
  for (const id of Object.keys(ACTS)) button(id).disabled = !shown?.isComplete;
}

/** @type {(act: () => Promise<string>) => Promise<void>} */
export async function sayOutcome(act) {
  try {
    const said = await act();
    hideError();
    sayNotice(said);
  } catch (error) {
    if (Object(error).name !== 'AbortError') reportError(error); // else the share sheet was closed
  }
}

export function connectSaving() {
  for (const [id, act] of Object.entries(ACTS)) {
    button(id).addEventListener('click', () => {
      const result = shown;
      if (result) void sayOutcome(() => act(result));
    });
  }
  button('share').hidden = !navigator.canShare?.({ files: [new File([], 'a.png', { type: 'image/png' })] });
  rememberChoice('formats');
  void writableFormats().then((formats) => offer('formats', formats));
}
