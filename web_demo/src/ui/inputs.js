/**
 * Inputs: drop, paste, files, folders, camera and samples.
 *
 * @import { PictureFile } from './source.js'
 *
 * @typedef {object} Receivers
 * @property {(files: PictureFile[], others: number) => void} onPictures At least one; `others` is the
 *   number of files of a folder that are none.
 * @property {(file: File) => void} onVideo
 * @property {(text: string) => void} onNothing Receives why there is no input.
 */

import { button, element } from './elements.js';
import { PageError } from './errors.js';

/** Pictures that some systems give no type for. */
const PICTURE_NAME = /\.(png|jpe?g|jfif|webp|avif|gif|bmp|hei[cf]|jxl|tiff?|ico|svg)$/i;

/** @type {(receivers: Receivers) => void} */
export function connectInputs(receivers) {
  for (const [buttonId, inputId] of /** @type {const} */ ([
    ['choose', 'file'],
    ['choose-folder', 'folder'],
    ['take', 'capture'],
    ['live-video', 'video-file'],
  ])) {
    const input = element(inputId, HTMLInputElement);
    button(buttonId).addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      receive([...(input.files ?? [])], receivers);
      input.value = ''; // so that the same file can be chosen again
    });
  }
  connectDrop(receivers);
  connectPaste(receivers);
  connectSamples(receivers);
}

/** @type {(files: File[], receivers: Receivers) => void} */
function receive(files, { onPictures, onVideo, onNothing }) {
  const [first] = files;
  if (first && files.length === 1) {
    if (first.type.startsWith('video/')) return onVideo(first);
    return onPictures([toPictureFile(first)], 0);
  }
  const pictures = files.filter(({ type, name }) => type.startsWith('image/') || PICTURE_NAME.test(name));
  if (pictures.length) onPictures(pictures.map(toPictureFile), files.length - pictures.length);
  else if (first) onNothing('There is no picture among these files. Choose others.');
}

/** @type {(file: File) => PictureFile} */
const toPictureFile = (file) => ({ name: file.name, load: async () => file });

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
  document.addEventListener('drop', async (event) => {
    event.preventDefault();
    veil.hidden = true;
    const files = await filesOf([...(event.dataTransfer?.items ?? [])]);
    if (files.length) return receive(files, receivers);
    receivers.onNothing(
      'What you dropped is not a file. Save the picture first, or copy and paste it here.',
    );
  });
}

/** @type {(items: DataTransferItem[]) => Promise<File[]>} Those in dropped folders too. */
async function filesOf(items) {
  // All are asked for before anything is awaited: then the browser closes the list.
  const found = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const lists = found.map(({ entry, file }) =>
    entry?.isDirectory ? listFolder(/** @type {FileSystemDirectoryEntry} */ (entry)) : [file],
  );
  return (await Promise.all(lists)).flat().filter((file) => file !== null);
}

/** @type {(folder: FileSystemDirectoryEntry) => Promise<File[]>} */
async function listFolder(folder) {
  const reader = folder.createReader();
  /** @type {File[]} */
  const files = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.isDirectory) files.push(...(await listFolder(/** @type {any} */ (entry))));
      else files.push(await new Promise((resolve, reject) => Object(entry).file(resolve, reject)));
    }
  }
}

/** @type {(receivers: Receivers) => void} */
function connectPaste(receivers) {
  const nothing =
    'There is no picture in the clipboard. Copy a picture, not its address, and paste again.';
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) receive(files, receivers);
    else receivers.onNothing(nothing);
  });
  const paste = button('paste');
  paste.disabled = !navigator.clipboard?.read;
  paste.addEventListener('click', async () => {
    const blob = await readClipboard().catch(() => null);
    if (blob) receivers.onPictures([{ name: '', load: async () => blob }], 0);
    else receivers.onNothing(nothing);
  });
}

/** @type {() => Promise<Blob|null>} */
async function readClipboard() {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((one) => one.startsWith('image/'));
    if (type) return item.getType(type);
  }
  return null;
}

/** @type {(receivers: Receivers) => void} */
function connectSamples(receivers) {
  for (const sample of element('samples', HTMLElement).querySelectorAll('button')) {
    const { file = '', name = '' } = sample.dataset;
    sample.addEventListener('click', () =>
      receivers.onPictures([{ name: `${name}.webp`, load: () => fetchSample(file) }], 0),
    );
  }
}

/** @type {(file: string) => Promise<Blob>} */
export async function fetchSample(file) {
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
