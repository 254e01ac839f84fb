/** The buttons that save and copy what is shown. */

import { button, chosen } from './elements.js';
import { sayNotice } from './messages.js';
import { reportError } from './report_error.js';
import { copyResult, saveResult } from './saving.js';
import { whatIsShown } from './viewer.js';

/** @import { Comparison } from './comparison.js' */

/** Only what is finished can be saved. */
export function allowSaving() {
  for (const id of ['download', 'copy']) button(id).disabled = !whatIsShown()?.isComplete;
}

/** @type {(act: (result: Comparison) => Promise<string>) => void} */
async function useResult(act) {
  const shown = whatIsShown();
  if (!shown) return;
  try {
    sayNotice(await act(shown));
  } catch (error) {
    reportError(error);
  }
}

export function connectSaving() {
  const save = async (/** @type {Comparison} */ result) =>
    `Saved as ${await saveResult(result, chosen('formats'))}.`;
  button('download').addEventListener('click', () => useResult(save));
  button('copy').addEventListener('click', () =>
    useResult(async (result) => {
      await copyResult(result);
      return 'Copied.';
    }),
  );
}
