/**
 * A whole video into a file: each frame enlarged, the sound copied. Loaded when a video is opened.
 *
 * mediabunny reads and writes the containers; frames are decoded and encoded by the browser (WebCodecs).
 *
 * @import { InputAudioTrack, InputVideoTrack } from 'mediabunny'
 * @import { Size } from './view.js'
 * @import { Tools } from './source.js'
 */

import * as media from 'mediabunny';

import { showChoice } from './backends.js';
import { Comparison } from './comparison.js';
import { PageError } from './errors.js';
import { Film, QUALITY } from './film.js';
import { formatDuration, formatSize, resultName } from './format.js';
import { say, sayNotice, sayProgress } from './messages.js';
import { asPicture } from './picture.js';
import { planResult } from './result_size.js';
import { saveFile } from './save_file.js';
import { listScales } from './source.js';
import { show } from './viewer.js';

/** What browsers play. */
const FORMATS = [media.MP4, media.QTFF, media.WEBM, media.MATROSKA];

/** What plays in most places, first. */
const CODECS = /** @type {const} */ (['avc', 'vp9', 'av1', 'vp8']);

/** A video file. Stopped, it leaves what is done as a file that plays. */
export class VideoFileSource {
  text = 'Opening the video…';
  verb = 'Stop';
  isOnce = true;

  /** @param {File} file */
  constructor(file) {
    this.file = file;
  }

  /** @type {(tools: Tools, signal: AbortSignal) => Promise<void>} */
  async run(tools, signal) {
    const input = new media.Input({ source: new media.BlobSource(this.file), formats: FORMATS });
    try {
      const { video, audio, notes } = await openTracks(input);
      const { scale: wanted, width, ...others } = tools.settings();
      const size = { width: await video.getDisplayWidth(), height: await video.getDisplayHeight() };
      const plan = planResult(size, { scale: wanted, width }, listScales(tools.upscaler));
      const even = { width: plan.size.width & ~1, height: plan.size.height & ~1 }; // as most codecs want it
      const { format, codec } = await chooseFormat(even, (await audio?.getCodec()) ?? null);
      const name = resultName(this.file.name, plan.label, format.fileExtension.slice(1));
      const target = await openTarget(name); // asked for while the click counts
      const film = await Film.begin(new media.Output({ format, target }), even, codec, audio);
      const enlarge = async () => {
        showChoice(await tools.upscaler.prepare({ ...others, scale: plan.scale, signal }));
        const comparison = await Comparison.open(asPicture(this.file.name, blank(size)), plan);
        await enlargeFrames({ video, film, comparison, tools, signal });
      };
      const failure = await enlarge().catch((error) => error);
      await film.finish();
      if (film.count === 0) throw failure ?? new PageError('This video has no frames.');
      if (target instanceof media.BufferTarget) saveFile(new Blob([target.buffer ?? '']), name);
      const saved = `${formatSize(even)} pixels, ${formatDuration(film.seconds)}`;
      sayNotice([`Saved as ${name}: ${saved}.`, ...notes].join(' '));
      if (failure) throw failure;
      say('Done: the whole video.');
    } finally {
      input.dispose();
    }
  }
}

/** @type {(input: media.Input) => Promise<{video: InputVideoTrack, audio: InputAudioTrack|null, notes: string[]}>} */
async function openTracks(input) {
  const video = await input.getPrimaryVideoTrack().catch(() => null);
  if (!video || !(await video.canDecode())) {
    throw new PageError('This browser cannot take this video apart. Choose another one, such as MP4 with H.264.');
  }
  const audio = await input.getPrimaryAudioTrack();
  const others = (await input.getTracks()).length - (audio ? 2 : 1);
  const notes = [
    ...(others ? [`${others} further tracks are left out.`] : []),
    ...((await video.hasHighDynamicRange()) ? ['Its HDR colors are converted to sRGB.'] : []),
    ...((await video.canBeTransparent()) ? ['It is opaque.'] : []),
  ];
  return { video, audio, notes };
}

/**
 * @param {Size} size Of the result. @param {media.AudioCodec|null} sound To be copied.
 * @returns {Promise<{format: media.OutputFormat, codec: media.VideoCodec}>}
 * @throws {PageError} This browser can write none.
 */
async function chooseFormat(size, sound) {
  const formats = [new media.Mp4OutputFormat(), new media.WebMOutputFormat(), new media.MkvOutputFormat()];
  for (const format of formats) {
    if (sound && !format.getSupportedAudioCodecs().includes(sound)) continue;
    const possible = format.getSupportedVideoCodecs();
    const codecs = CODECS.filter((codec) => possible.includes(codec));
    const codec = await media.getFirstEncodableVideoCodec(codecs, { ...size, quality: QUALITY });
    if (codec) return { format, codec };
  }
  throw new PageError(
    `This browser cannot write a video of ${formatSize(size)} pixels. Enlarge it less, or use another browser.`,
  );
}

/** @type {(name: string) => Promise<media.Target>} On the disk where the browser asks for a place, else in memory. */
async function openTarget(name) {
  const { showSaveFilePicker } = /** @type {any} */ (globalThis);
  if (!showSaveFilePicker) return new media.BufferTarget();
  const handle = await showSaveFilePicker({ suggestedName: name });
  return new media.StreamTarget(await handle.createWritable(), { chunked: true });
}

/** @type {(work: {video: InputVideoTrack, film: Film, comparison: Comparison, tools: Tools, signal: AbortSignal}) => Promise<void>} */
async function enlargeFrames({ video, film, comparison, tools, signal }) {
  const { width, height } = comparison.picture.pixels;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new PageError('This browser has no memory left. Close other tabs and try again.');
  const total = await video.computeDuration();
  const started = performance.now();
  for await (const sample of new media.VideoSampleSink(video).samples()) {
    const { timestamp, duration } = sample;
    sample.draw(context, 0, 0, width, height); // turned as the file says
    sample.close();
    signal.throwIfAborted();
    const pixels = { width, height, data: context.getImageData(0, 0, width, height).data };
    await comparison.setBefore(pixels);
    await tools.upscaler.current.upscaleTiles(pixels, { signal, onTile: (tile) => comparison.paint(tile) });
    await comparison.finish();
    show(comparison);
    await film.add(comparison.result, Math.max(0, timestamp), duration);
    const secondsLeft = ((performance.now() - started) / 1000) * (total / film.seconds - 1);
    sayProgress('Enlarging the video', { done: film.seconds, total, secondsLeft: Math.max(0, secondsLeft) });
  }
}

/** @type {(size: Size) => import('../../../mobile_runtime/javascript/index.js').Pixels} */
const blank = ({ width, height }) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) });
