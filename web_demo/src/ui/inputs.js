/**
 * Inputs: drop, paste, file, camera and samples.
 *
 * @typedef {object} Receivers
 * @property {(load: () => Promise<Blob>, name: string) => void} onPicture `load` is called in
 *   turn: a sample that arrives late must not replace what was chosen since.
 * @property {(file: Blob) => void} onVideo
 * @property {(text: string) => void} onNothing Receives why there is no input.
 */

import { button, element } from './elements.js';
import { PageError } from './errors.js';

/** @type {(receivers: Receivers) => void} */
export function connectInputs(receivers) {
  connectFile('choose', 'file', receivers);
  connectFile('take', 'capture', receivers);
  connectFile('live-video', 'video-file', receivers);
  connectDrop(receivers);
  connectPaste(receivers);
  connectSamples(receivers);
}

/** @type {(file: File, receivers: Receivers) => void} */
function receive(file, receivers) {
  if (file.type.startsWith('video/')) receivers.onVideo(file);
  else receivers.onPicture(async () => file, file.name);
}

/** @type {(buttonId: string, inputId: string, receivers: Receivers) => void} */
function connectFile(buttonId, inputId, receivers) {
  const input = element(inputId, HTMLInputElement);
  button(buttonId).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) receive(file, receivers);
    input.value = ''; // so that the same file can be chosen again
  });
}

/** @type {(receivers: Receivers) => void} */
function connectDrop(receivers) {
  const veil = element('drop', HTMLElement);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    veil.hidden = !event.dataTransfer?.types.includes('Files');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) veil.hidden = true; // it has left the window
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) receive(file, receivers);
    else
      receivers.onNothing(
        'What you dropped is not a file. Save the picture first, or copy and paste it here.',
      );
  });
}

/** @type {(receivers: Receivers) => void} */
function connectPaste(receivers) {
  document.addEventListener('paste', (event) => {
    const file = event.clipboardData?.files[0];
    if (file) receive(file, receivers);
    else
      receivers.onNothing(
        'There is no picture in the clipboard. Copy a picture, not its address, and paste again.',
      );
  });
}

/** @type {(receivers: Receivers) => void} */
function connectSamples(receivers) {
  for (const sample of element('samples', HTMLElement).querySelectorAll('button')) {
    const { file = '', name = '' } = sample.dataset;
    sample.addEventListener('click', () =>
      receivers.onPicture(() => fetchSample(file), `${name}.webp`),
    );
  }
}

/** @type {(file: string) => Promise<Blob>} */
async function fetchSample(file) {
  try {
    const response = await fetch(file);
    if (!response.ok) throw new Error(`${response.status}`);
    return await response.blob();
  } catch (error) {
    throw new PageError(
      'This sample cannot be loaded. Check the connection, or choose a picture of your own.',
      { cause: error },
    );
  }
}
