/** Buttons that save and copy the result. */

import { button, chosen } from './elements.js';
import { sayNotice } from './messages.js';
import { reportError } from './report_error.js';
import { copyResult, saveResult } from './saving.js';
import { shownComparison } from './viewer.js';

/** @import { Comparison } from './comparison.js' */

/** Enable the buttons if the result is finished. */
export function allowSaving() {
  for (const id of ['download', 'copy']) button(id).disabled = !shownComparison()?.isComplete;
}

/** @type {(act: (result: Comparison) => Promise<string>) => void} */
async function useResult(act) {
  const shown = shownComparison();
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
