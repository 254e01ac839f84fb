/**
 * A video file that is being written: frames in order, and of the sound what belongs to them.
 *
 * @import { AudioCodec, InputAudioTrack, Output, VideoCodec } from 'mediabunny'
 * @import { Result } from './result.js'
 * @import { Size } from './view.js'
 */

import * as media from 'mediabunny';

export const QUALITY = new media.Quality('high');

export class Film {
  /** Where the latest frame ends. */
  seconds = 0;
  /** Of frames. */
  count = 0;
  #output;
  #canvas;
  #frames;
  /** @type {(end: number) => Promise<void>} Copy the sound up to there. */
  #copySound = async () => {};

  /** @param {Output} output @param {Size} size @param {VideoCodec} codec */
  constructor(output, size, codec) {
    this.#output = output;
    this.#canvas = new OffscreenCanvas(size.width, size.height);
    this.#frames = new media.CanvasSource(this.#canvas, { codec, quality: QUALITY });
    output.addVideoTrack(this.#frames);
  }

  /** @param {Output} output @param {Size} size @param {VideoCodec} codec @param {InputAudioTrack|null} audio */
  static async begin(output, size, codec, audio) {
    const film = new Film(output, size, codec);
    if (audio) film.#copySound = await copier(audio, output);
    await output.start();
    return film;
  }

  /** @type {(picture: Result, start: number, duration: number) => Promise<void>} Of the film's size, or a line more; in seconds. */
  async add(picture, start, duration) {
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
    for (const { source, top, first, end } of picture.layer().pieces) {
      const [wide, high] = [source.width, end - first];
      context.drawImage(source, 0, first - top, wide, high, 0, first, wide, high);
    }
    await this.#frames.add(start, duration);
    this.seconds = start + duration;
    this.count++;
    await this.#copySound(this.seconds);
  }

  /** Close the file; what was added plays. Without a frame, there is none. */
  async finish() {
    await (this.count ? this.#output.finalize() : this.#output.cancel());
  }
}

/** @type {(audio: InputAudioTrack, output: Output) => Promise<(end: number) => Promise<void>>} */
async function copier(audio, output) {
  const codec = /** @type {AudioCodec} */ (await audio.getCodec());
  const source = new media.EncodedAudioPacketSource(codec);
  output.addAudioTrack(source);
  const decoderConfig = await audio.getDecoderConfig();
  const packets = new media.EncodedPacketSink(audio).packets();
  let next = await packets.next();
  return async (end) => {
    for (; !next.done && next.value.timestamp < end; next = await packets.next()) {
      if (next.value.timestamp < 0) continue; // what an encoder puts before the start
      await source.add(next.value, decoderConfig ? { decoderConfig } : undefined);
    }
  };
}
