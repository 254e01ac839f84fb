/** The page: one source at a time is worked on; giving another one, or choosing otherwise, stops it. */

import { preloadEngine, untilAborted, watchLoading } from '../../mobile_runtime/javascript/index.js';
import { Activity, isStopped } from './ui/activity.js';
import { chosenBackend, connectBackends, showChoice } from './ui/backends.js';
import { Comparison } from './ui/comparison.js';
import { connectDeviceReport } from './ui/device_report.js';
import { button, chosen, element } from './ui/elements.js';
import { PageError } from './ui/errors.js';
import { connectInputs, fetchSample } from './ui/inputs.js';
import { LiveSource } from './ui/live.js';
import * as messages from './ui/messages.js';
import { Models } from './ui/models.js';
import { startOffline } from './ui/offline.js';
import { openPicture } from './ui/picture.js';
import { QueueSource } from './ui/queue.js';
import { TooLargeError } from './ui/result.js';
import { planResult } from './ui/result_size.js';
import { reportError } from './ui/report_error.js';
import { allowSaving, connectSaving, sayOutcome } from './ui/save_panel.js';
import { choose, offer, rememberChoice, rememberNumber } from './ui/settings.js';
import { PictureSource, listScales } from './ui/source.js';
import { offerLess } from './ui/too_large.js';
import { canvasIsTrue } from './ui/true_pixels.js';
import { openCamera, openVideo } from './ui/video.js';
import { connectViewing, show } from './ui/viewer.js';

/** @import { Weights } from './ui/models.js' */
/** @import { Settings, Source } from './ui/source.js' */

/** Work of this length is worth a question before the page is left. */
const LONG_MS = 5000;

/** A sample with its result, made by `scnet upscale`; see samples/README.md. */
const MADE_EARLIER = { sample: 'samples/coffee.webp', result: 'samples/coffee-x4.webp', scale: 4 };

const activity = new Activity();
/** @type {Models|null} */
let upscaler = null;
/** @type {Source|null} What the visitor gave last. */
let source = null;
/** When the work began; 0 while there is none. */
let busySince = 0;
/** Has the visitor touched the page? A dialog of the browser may be open, which fires no event. */
let isTouched = false;

/** Load the list of models once. */
async function openUpscaler() {
  upscaler ??= await Models.open({ onNotice: messages.sayNotice });
  const { models } = upscaler;
  offer('scales', [...listScales(upscaler).reverse().map(String), ...(canvasIsTrue() ? ['width'] : [])]);
  offer('weights', models.map(({ weights }) => weights));
  return upscaler;
}

/** @type {() => Settings} */
function settings() {
  const weights = /** @type {Weights} */ (chosen('weights'));
  const scale = chosen('scales');
  const width = scale === 'width' ? element('width', HTMLInputElement).valueAsNumber : null;
  return { scale: Number(scale), width, weights, backend: chosenBackend };
}

/** @type {(next: Source) => void} Work on something else. */
function use(next) {
  element('stage', HTMLElement).scrollIntoView({ block: 'nearest' }); // on a phone it is above the buttons
  if (!(next instanceof QueueSource)) element('queue', HTMLElement).hidden = true;
  const before = source;
  source = next;
  run(before);
}

/** @type {(before?: Source|null) => void} Work on the source; if it cannot be opened, `before` stays. */
function run(before = null) {
  const current = source;
  if (!current) return;
  activity.start(async (signal) => {
    messages.hideError();
    messages.sayNotice('');
    messages.sayBusy(current.text, current.verb, stop);
    busySince = performance.now();
    try {
      const opened = await untilAborted(openUpscaler(), signal);
      await current.run({ upscaler: opened, settings }, signal);
    } catch (error) {
      await explain(error, current, before);
    } finally {
      busySince = 0;
      messages.sayIdle();
      allowSaving();
      showChoice(upscaler?.choice ?? null);
    }
  });
}

/** A choice has changed. */
function runAgain() {
  if (!source?.isOnce) run();
}

/** @type {(file: File) => void} Show the middle of it live; on request, enlarge the whole of it. */
function showVideo(file) {
  const wholeFile = import('./ui/video_file.js').catch(() => null); // offline, for the first time
  const toFile = button('to-file');
  toFile.onclick = async () => {
    const module = await wholeFile;
    if (module) use(new module.VideoFileSource(file));
    else messages.sayError('What writes videos could not be loaded. Check the connection, and choose the video again.');
  };
  use(new LiveSource(() => openVideo(file), file));
}

/** @type {(error: unknown, current: Source, before: Source|null) => Promise<void>} */
async function explain(error, current, before) {
  if (isStopped(error)) return messages.sayStopped(source === current && current.canGoOn ? run : null);
  if (error instanceof TooLargeError && current instanceof PictureSource) return offerPart(current);
  if (error instanceof PageError && source === current && before) source = before; // it is still shown
  reportError(error, run);
}

/** @type {(current: PictureSource) => Promise<void>} */
async function offerPart({ file, picture }) {
  if (!picture || !upscaler) return;
  const scales = listScales(upscaler);
  const { scale } = planResult(picture.pixels, settings(), scales);
  await offerLess(picture, scale, scales, (wanted, part) => {
    choose('scales', `${wanted}`); // of a part, a width would be another scale
    if (part) use(new PictureSource(file, { ...part, bitmap: null, preview: null }));
    else run();
  });
}

/** Stop the work; a camera that was stopped stays so, whatever is chosen next. */
function stop() {
  if (source instanceof LiveSource) source = null;
  activity.stop();
}

async function showMadeEarlier() {
  try {
    const { sample, result, scale } = MADE_EARLIER;
    const files = await Promise.all([fetchSample(sample), fetchSample(result)]);
    const picture = await openPicture(files[0], '');
    const plan = planResult(picture.pixels, { scale, width: null }, []);
    const comparison = await Comparison.open(picture, plan);
    await comparison.paintFile(files[1]);
    if (!activity.hasBegun) show(comparison);
    else comparison.close();
  } catch (error) {
    console.warn('The sample cannot be shown.', error); // the page works without
  }
}

/** Load the engine while the visitor chooses. */
async function prepareEarly() {
  const opened = await openUpscaler().catch((error) => reportError(error, () => location.reload()));
  if (!opened || Object(navigator).connection?.saveData) return;
  const whenIdle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 2000));
  whenIdle(() => void preloadEngine());
}

function connectLeaving() {
  document.addEventListener('visibilitychange', () => {
    if (document.hidden && source instanceof LiveSource) stop(); // nobody sees it
  });
  addEventListener('beforeunload', (event) => {
    const isLong = busySince && performance.now() - busySince > LONG_MS;
    if (!(source instanceof LiveSource) && isLong) event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    messages.hideError();
    stop();
  });
}

element('not-started', HTMLElement).remove();
for (const sign of ['pointerdown', 'keydown', 'dragenter']) {
  document.addEventListener(sign, () => (isTouched = true), { capture: true, once: true });
}
watchLoading(messages.sayLoading);
connectInputs({
  onPictures: (files, others) => {
    const [first] = files;
    if (files.length === 1 && first) use(new PictureSource(first));
    else use(new QueueSource(files, others, () => busySince > 0));
  },
  onVideo: showVideo,
  onNothing: messages.sayError,
});
button('live-camera').addEventListener('click', () => use(new LiveSource(openCamera)));
button('save-all').addEventListener('click', () => {
  const queue = source;
  if (queue instanceof QueueSource) void sayOutcome(() => queue.saveAll(chosen('formats')));
});
connectDeviceReport();
connectBackends(runAgain);
for (const id of ['scales', 'weights']) {
  rememberChoice(id);
  element(id, HTMLElement).addEventListener('change', ({ target }) => {
    const isWidth = Object(target).id === 'width';
    if (!(isWidth && source instanceof LiveSource)) runAgain(); // which has none; a click on its buttons must arrive
  });
}
rememberNumber('width');
rememberChoice('live-sizes');
connectViewing(allowSaving);
connectSaving();
connectLeaving();
void showMadeEarlier();
void prepareEarly();
void startOffline({ mayReload: () => !isTouched && !activity.hasBegun });
