/**
 * Video from a camera or a file.
 *
 * @import { Pixels } from '../../../mobile_runtime/javascript/index.js'
 */

import { make } from './elements.js';
import { PageError } from './errors.js';

/** Messages for the errors of `getUserMedia`. */
const CAMERA_PROBLEMS = /** @type {Record<string, string>} */ ({
  NotAllowedError:
    'The camera was not allowed. Allow it for this page in the settings of the browser, or choose a picture.',
  NotFoundError:
    'This device has no camera that the browser can see. Choose a picture or a video instead.',
  NotReadableError: 'Another program uses the camera. Close it and try again.',
});

/**
 * @returns {Promise<HTMLVideoElement>} Playing.
 * @throws {PageError} With a message for the visitor.
 */
export async function openCamera() {
  if (!navigator.mediaDevices) {
    throw new PageError(
      'Browsers give the camera to pages with https only. Choose a picture or a video instead.',
    );
  }
  try {
    const video = { facingMode: 'environment', width: { ideal: 1280 } };
    return await play({ srcObject: await navigator.mediaDevices.getUserMedia({ video }) });
  } catch (error) {
    const known = CAMERA_PROBLEMS[Object(error).name];
    throw new PageError(known ?? 'The camera does not start. Choose a picture or a video instead.', {
      cause: error,
    });
  }
}

/**
 * @param {Blob} file
 * @returns {Promise<HTMLVideoElement>} Playing.
 * @throws {PageError} With a message for the visitor.
 */
export async function openVideo(file) {
  try {
    return await play({ src: URL.createObjectURL(file) });
  } catch (error) {
    const advice = 'Choose another one; MP4 with H.264 plays nearly everywhere.';
    throw new PageError(`This video cannot be played here. ${advice}`, { cause: error });
  }
}

/**
 * Return the square in the middle of the current frame.
 *
 * @param {HTMLVideoElement} video
 * @param {number} side In pixels; less where the video has less.
 * @returns {Pixels}
 */
export function cropMiddle(video, side) {
  const width = Math.min(side, video.videoWidth);
  const height = Math.min(side, video.videoHeight);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new PageError('This browser has no memory left. Close other tabs and try again.');
  const [x, y] = [(video.videoWidth - width) / 2, (video.videoHeight - height) / 2];
  context.drawImage(video, Math.floor(x), Math.floor(y), width, height, 0, 0, width, height);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/** @type {(source: {src: string}|{srcObject: MediaStream}) => Promise<HTMLVideoElement>} */
async function play(source) {
  const video = make('video', { muted: true, loop: true, playsInline: true, ...source });
  try {
    await video.play();
    if (!video.videoWidth) throw new PageError('There is sound, but no picture.');
    return video;
  } catch (error) {
    closeVideo(video);
    throw error;
  }
}

/** @type {(video: HTMLVideoElement) => void} Stop it, and with it the camera. */
export function closeVideo(video) {
  video.pause();
  if (video.srcObject instanceof MediaStream)
    video.srcObject.getTracks().forEach((track) => track.stop());
  if (video.src) URL.revokeObjectURL(video.src);
  video.srcObject = null;
}
