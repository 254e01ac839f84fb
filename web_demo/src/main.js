/** The page: each action of the visitor starts one activity, and stops the previous one. */

import { untilAborted } from './engine/abortable.js';
import { startOffline } from './engine/offline.js';
import { crop } from './engine/pixels.js';
import { Upscaler } from './engine/upscaler.js';
import { Activity, isStopped } from './ui/activity.js';
import { backendsToMeasure, chosenBackend, connectBackends, showChoice } from './ui/backends.js';
import { measure, showMeasuring } from './ui/benchmark_panel.js';
import { canHold } from './ui/canvas_limit.js';
import { button, chosen, element } from './ui/elements.js';
import { connectInputs } from './ui/inputs.js';
import { runLive } from './ui/live.js';
import * as messages from './ui/messages.js';
import { openPicture } from './ui/picture.js';
import { openPrecomputedSample } from './ui/precomputed_sample.js';
import { reportError } from './ui/report_error.js';
import { enlarged, holdablePart, wantedPart } from './ui/result_size.js';
import { allowSaving, connectSaving } from './ui/save_panel.js';
import { chooseScale, chosenScale, offerScales } from './ui/scales.js';
import { offerLess } from './ui/too_large.js';
import { runUpscaleJob } from './ui/upscale_job.js';
import { openCamera, openVideo } from './ui/video.js';
import { comeIntoView, connectViewing, show, showFrame, stage } from './ui/viewer.js';

/** @import { Picture } from './ui/picture.js' */

const activity = new Activity();
/** @type {Upscaler|null} */
let upscaler = null;
/** @type {() => void} Repeats the last activity with another scale or backend. */
let again = () => {};
/** Has the visitor touched the page? A dialog of the browser may be open, which fires no event. */
let isTouched = false;

/**
 * Start an activity, and stop the previous one.
 *
 * @param {string} text Describes it. @param {string} verb Of the button that stops it.
 * @param {(signal: AbortSignal) => Promise<void>} task
 */
function begin(text, verb, task) {
  void activity.start(async (signal) => {
    messages.hideError();
    messages.sayNotice('');
    messages.sayBusy(text, verb, () => activity.stop());
    try {
      await task(signal);
    } catch (error) {
      if (isStopped(error)) messages.say('Stopped.');
      else reportError(error, () => begin(text, verb, task));
    } finally {
      messages.sayIdle();
      allowSaving();
    }
  });
}

/** Load the list of models once. */
async function openUpscaler() {
  upscaler ??= await Upscaler.open({ onNotice: messages.sayNotice });
  offerScales(upscaler.models);
  return upscaler;
}

/** @type {(load: () => Promise<Blob>, name: string) => void} */
function receivePicture(load, name) {
  comeIntoView();
  const before = again;
  const restart = () => {
    again = before;
    receivePicture(load, name);
  };
  again = restart;
  const open = async () => openPicture(await load(), name);
  begin('Opening the picture…', 'Cancel', async (signal) => {
    const picture = await untilAborted(open(), signal).catch((error) => {
      if (again === restart) again = before; // its picture is still on the stage
      throw error;
    });
    again = () => enlargeAgain(picture);
    await enlargePicture(picture, signal);
  });
}

/** @type {(picture: Picture) => void} */
function enlargeAgain(picture) {
  begin('Preparing…', 'Cancel', (signal) => enlargePicture(picture, signal));
}

/** @type {(picture: Picture, signal: AbortSignal) => Promise<void>} */
async function enlargePicture(picture, signal) {
  const opened = await untilAborted(openUpscaler(), signal);
  const scale = chosenScale();
  if (!canHold(enlarged(picture.pixels, scale))) {
    const scales = opened.models.map((model) => model.scale);
    const onPart = () => enlargePart(picture, scale);
    return offerLess({ picture, scale, scales, onLess: enlargeLess, onPart });
  }
  messages.say('Preparing…');
  const backend = chosenBackend();
  const job = {
    upscaler: opened,
    picture,
    scale,
    backend,
    stage,
    onShown: show,
    onChoice: showChoice,
  };
  await runUpscaleJob(job, signal);
}

/** @type {(scale: number) => void} */
function enlargeLess(scale) {
  chooseScale(scale);
  again();
}

/** @type {(picture: Picture, scale: number) => void} */
function enlargePart(picture, scale) {
  const wanted = wantedPart(picture.pixels, stage.visiblePartOf(picture));
  const area = holdablePart(wanted, scale, canHold);
  const part = { ...picture, pixels: crop(picture.pixels, area) };
  again = () => enlargeAgain(part);
  again();
}

/** @type {(open: () => Promise<HTMLVideoElement>) => void} */
function receiveVideo(open) {
  comeIntoView();
  const restart = () => receiveVideo(open);
  again = restart;
  begin('Preparing…', 'Stop', async (signal) => {
    // A camera that was stopped stays so, whatever is chosen next.
    signal.addEventListener('abort', () => again === restart && (again = () => {}));
    const stopUnseen = () => document.hidden && activity.stop(); // and with it the camera
    document.addEventListener('visibilitychange', stopUnseen, { signal });
    const opened = await untilAborted(openUpscaler(), signal);
    const scale = chosenScale();
    showChoice(await opened.prepare({ scale, backend: chosenBackend(), signal }));
    const side = () => Number(chosen('live-sizes'));
    await runLive(
      open,
      { upscaler: opened, scale, side, onFrame: showFrame, onSpeed: messages.showLive },
      signal,
    );
  });
}

function connectBenchmark() {
  let measuring = false;
  /** @type {(signal: AbortSignal) => Promise<void>} */
  const task = async (signal) => {
    showMeasuring((measuring = true));
    try {
      const opened = await untilAborted(openUpscaler(), signal);
      const scale = chosenScale();
      showChoice(await opened.prepare({ scale, backend: chosenBackend(), signal }));
      await measure(opened, await backendsToMeasure(), signal);
      messages.say('Measured; see the table below.');
    } finally {
      showMeasuring((measuring = false));
    }
  };
  button('benchmark').addEventListener('click', () => {
    if (measuring) activity.stop();
    else begin('Measuring this device…', 'Stop', task);
  });
}

async function showPrecomputedSample() {
  try {
    const sample = await openPrecomputedSample();
    if (!activity.hasBegun) show(sample);
    else sample.close();
  } catch (error) {
    console.warn('The sample cannot be shown.', error); // the page works without
  }
}

for (const sign of ['pointerdown', 'keydown', 'dragenter']) {
  document.addEventListener(sign, () => (isTouched = true), { capture: true, once: true });
}
connectInputs({
  onPicture: receivePicture,
  onVideo: (file) => receiveVideo(() => openVideo(file)),
  onNothing: messages.sayError,
});
button('live-camera').addEventListener('click', () => receiveVideo(openCamera));
connectBackends(() => again());
element('scales', HTMLElement).addEventListener('change', () => again());
connectViewing(allowSaving);
connectSaving();
connectBenchmark();
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  messages.hideError();
  activity.stop();
});
void showPrecomputedSample();
void openUpscaler().catch((error) => reportError(error, () => location.reload()));
void startOffline({ mayReload: () => !isTouched && !activity.hasBegun });
