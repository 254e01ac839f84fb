/**
 * Pictures without a canvas, for browsers whose canvases give out false pixels against fingerprinting
 * (Firefox with `resistFingerprinting`, Tor, LibreWolf, Brave).
 *
 * @import { Pixels } from '../../../mobile_runtime/javascript/index.js'
 */

import { PageError } from './errors.js';
import { orientationOf } from './exif.js';
import { readMetadata } from './metadata.js';
import { pngChunk } from './png.js';

const SIGNATURE = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);

/** @type {boolean|undefined} */
let isTrue;

/** @type {() => boolean} Whether a canvas gives back what was put into it. */
export function canvasIsTrue() {
  return (isTrue ??= tryCanvas());
}

function tryCanvas() {
  const context = new OffscreenCanvas(64, 64).getContext('2d', { willReadFrequently: true });
  const known = new ImageData(64, 64);
  known.data.forEach((_, i) => (known.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256));
  context?.putImageData(known, 0, 0);
  const found = context?.getImageData(0, 0, 64, 64).data;
  return known.data.every((value, i) => value === found?.[i]);
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes A picture's file.
 * @param {string} type Such as image/png.
 * @returns {Promise<Pixels>} Upright, in sRGB.
 * @throws {PageError} This browser has no way.
 */
export async function decodeTruly(bytes, type) {
  const { ImageDecoder } = /** @type {any} */ (globalThis);
  try {
    const { image } = await new ImageDecoder({ data: bytes, type }).decode();
    const { width, height } = image.visibleRect;
    const layout = { format: 'RGBA', colorSpace: 'srgb' };
    const data = new Uint8ClampedArray(image.allocationSize(layout));
    await image.copyTo(data, layout);
    image.close();
    const { exif } = await readMetadata(bytes);
    return turn({ width, height, data }, orientationOf(exif));
  } catch (cause) {
    throw new PageError(
      'This browser hides the pixels of pictures from pages, against fingerprinting. Allow this page to ' +
        'read canvases (in Firefox by the sign in the address bar), or use another browser.',
      { cause },
    );
  }
}

/** @type {(pixels: Pixels, orientation: number) => Pixels} As EXIF's orientations 1 to 8 ask. */
function turn(pixels, orientation) {
  if (orientation === 1) return pixels;
  const swaps = orientation > 4;
  const [width, height] = swaps ? [pixels.height, pixels.width] : [pixels.width, pixels.height];
  const [from, to] = [pixels.data, new Uint8ClampedArray(pixels.data.length)];
  const [source, target] = [new Uint32Array(from.buffer), new Uint32Array(to.buffer)];
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [across, down] = swaps ? [y, x] : [x, y];
      const column = fromRight ? pixels.width - 1 - across : across;
      const row = fromBelow ? pixels.height - 1 - down : down;
      target[y * width + x] = /** @type {number} */ (source[row * pixels.width + column]);
    }
  }
  return { width, height, data: to };
}

/** @type {(pixels: Pixels) => Promise<Blob>} Write a PNG; each row as differences to the pixel on its left. */
export async function encodeTruly({ width, height, data }) {
  const rows = new Uint8Array((4 * width + 1) * height);
  for (let y = 0, to = 0; y < height; y++) {
    rows[to++] = 1;
    for (let x = 0; x < 4 * width; x++, to++) {
      const at = 4 * width * y + x;
      rows[to] = /** @type {number} */ (data[at]) - (x < 4 ? 0 : /** @type {number} */ (data[at - 4]));
    }
  }
  const packed = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate')));
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, 6], 8);
  const parts = [
    pngChunk('IHDR', header),
    pngChunk('IDAT', new Uint8Array(await packed.arrayBuffer())),
    pngChunk('IEND', new Uint8Array()),
  ];
  return new Blob([SIGNATURE, ...parts], { type: 'image/png' });
}
