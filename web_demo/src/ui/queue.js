/**
 * Several pictures, one after the other; one that fails does not stop the rest.
 *
 * Results wait as PNG files in Blobs, which browsers keep on disk.
 *
 * @import { ColorSpace } from './color_profile.js'
 * @import { Plan } from './result_size.js'
 * @import { Tools, PictureFile } from './source.js'
 */

import { isStopped } from './activity.js';
import { Comparison } from './comparison.js';
import { button, element, make } from './elements.js';
import { formatDuration, resultName } from './format.js';
import { say } from './messages.js';
import { openPicture } from './picture.js';
import { describe, reportError } from './report_error.js';
import { saveFile } from './save_file.js';
import { encodeAs, encodeResult } from './saving.js';
import { PictureSource } from './source.js';
import { show } from './viewer.js';

/** Longest side of a thumbnail, in pixels. */
const THUMBNAIL = 88;

/** A picture of the queue, and its line in the list. */
class Item {
  /** @type {{blob: Blob, plan: Plan, colorSpace: ColorSpace}|null} */
  result = null;
  isFailed = false;
  /** What was chosen for it, such as "4 photo". */
  kind = '';

  /** @param {PictureFile} file @param {() => void} onOpen */
  constructor(file, onOpen) {
    this.file = file;
    this.source = new PictureSource(file);
    this.picture = make('canvas', { width: THUMBNAIL, height: THUMBNAIL });
    this.note = make('small');
    this.button = make('button', { onclick: onOpen }, this.picture, make('span', {}, file.name), this.note);
    this.line = make('li', {}, this.button);
    this.say('Waiting');
  }

  /** @type {(text: string) => void} */
  say(text) {
    this.note.textContent = text;
    this.button.disabled = !this.result;
    this.line.className = this.isFailed ? 'is-failed' : '';
  }

  /** @type {(comparison: Comparison) => void} */
  drawThumbnail({ before }) {
    const side = Math.min(before.width, before.height);
    const [x, y] = [(before.width - side) / 2, (before.height - side) / 2];
    this.picture.getContext('2d')?.drawImage(before, x, y, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
  }
}

export class QueueSource {
  text = 'Opening the pictures…';
  verb = 'Stop';
  canGoOn = true;

  /**
   * @param {PictureFile[]} files @param {number} others How many files were left out.
   * @param {() => boolean} isBusy Then the stage shows what is worked on.
   */
  constructor(files, others, isBusy) {
    this.others = others;
    this.isBusy = isBusy;
    /** @type {Item[]} */
    this.items = files.map((file) => new Item(file, () => this.#reopen(file).catch((error) => reportError(error))));
    element('queue-items', HTMLElement).replaceChildren(...this.items.map(({ line }) => line));
    element('queue-title', HTMLElement).textContent = `${files.length} pictures`;
    element('queue', HTMLElement).hidden = false;
    this.#allowSaving();
  }

  /** Results that leaving the page would lose. */
  get unsaved() {
    return this.items.filter(({ result }) => result).length;
  }

  /** @type {(tools: Tools, signal: AbortSignal) => Promise<void>} */
  async run(tools, signal) {
    const started = performance.now();
    const { scale, width, weights } = tools.settings();
    const kind = `${scale} ${width} ${weights}`;
    for (const item of this.items) {
      if (item.kind === kind && (item.result || item.isFailed)) continue;
      Object.assign(item, { kind, result: null, isFailed: false });
      await this.#enlarge(item, tools, signal);
      this.#allowSaving();
    }
    const failed = this.items.filter(({ isFailed }) => isFailed).length;
    const words = [
      `Done in ${formatDuration((performance.now() - started) / 1000)}: ${this.unsaved} pictures.`,
      ...(failed ? [`${failed} failed.`] : []),
      ...(this.others ? [`${this.others} other files were left out.`] : []),
    ];
    say(words.join(' '));
  }

  /** @type {(item: Item, tools: Tools, signal: AbortSignal) => Promise<void>} */
  async #enlarge(item, tools, signal) {
    item.say('Working…');
    try {
      const comparison = await item.source.enlarge(tools, signal);
      item.drawThumbnail(comparison);
      const { plan, picture } = comparison;
      item.result = { blob: await encodeResult(comparison, 'png'), plan, colorSpace: picture.colorSpace };
      item.say(['Done', ...picture.notes].join('; '));
    } catch (error) {
      item.isFailed = !isStopped(error);
      item.say(item.isFailed ? describe(error) : 'Waiting');
      if (!item.isFailed) throw error;
    }
    item.source = new PictureSource(item.file); // it holds the pixels
  }

  /** @type {(file: PictureFile) => Promise<void>} Show a result again. */
  async #reopen(file) {
    const item = this.items.find((one) => one.file === file);
    if (!item?.result || this.isBusy()) return;
    const { blob, plan } = item.result;
    const comparison = await Comparison.open(await openPicture(await file.load(), file.name), plan);
    await comparison.paintFile(blob);
    comparison.isComplete = true;
    show(comparison);
    say(`Shown: ${file.name}`);
  }

  /** @type {(format: string) => Promise<string>} What was saved. */
  async saveAll(format) {
    /** @type {Map<string, {name: string, input: Blob}>} */
    const files = new Map();
    for (const { file, result } of this.items) {
      if (!result) continue;
      const { blob, plan, colorSpace } = result;
      let [copy, name] = [1, ''];
      do name = resultName(file.name, plan.label, format, copy++);
      while (files.has(name));
      files.set(name, { name, input: await encodeAs(blob, format, colorSpace) });
    }
    const { downloadZip } = await import('client-zip');
    saveFile(await downloadZip(files.values()).blob(), 'enlarged.zip');
    return `Saved ${files.size} pictures as enlarged.zip.`;
  }

  #allowSaving() {
    button('save-all').disabled = this.unsaved === 0;
  }
}
