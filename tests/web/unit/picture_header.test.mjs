import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readHeader, readHeaderOf } from '../../../web_demo/src/ui/picture_header.js';

const ascii = (/** @type {string} */ text) => [...text].map((letter) => letter.charCodeAt(0));
const be16 = (/** @type {number} */ n) => [n >> 8, n & 255];
const be32 = (/** @type {number} */ n) => [...be16(n >>> 16), ...be16(n & 0xffff)];
const le = (/** @type {number} */ n, /** @type {number} */ count) =>
  Array.from({ length: count }, (_, i) => (n >>> (8 * i)) & 255);
const box = (/** @type {string} */ kind, /** @type {number[]} */ inside) => [
  ...be32(8 + inside.length),
  ...ascii(kind),
  ...inside,
];
const ispe = (/** @type {number} */ width, /** @type {number} */ height) =>
  box('ispe', [0, 0, 0, 0, ...be32(width), ...be32(height)]);

/** Headers by hand from the formats' specifications: the first bytes, and what they say. */
const WRITTEN = {
  'PNG of 100 megapixels': {
    bytes: [
      137,
      ...ascii('PNG\r\n\x1a\n'),
      ...be32(13),
      ...ascii('IHDR'),
      ...be32(10000),
      ...be32(10000),
    ],
    header: { format: 'PNG', width: 10000, height: 10000 },
  },
  'PNG without pixels': {
    bytes: [137, ...ascii('PNG\r\n\x1a\n'), ...be32(13), ...ascii('IHDR'), ...be32(0), ...be32(0)],
    header: { format: 'PNG', width: 0, height: 0 },
  },
  'PNG that breaks off': {
    bytes: [137, ...ascii('PNG\r\n\x1a\n'), ...be32(13)],
    header: { format: 'PNG', width: 0, height: 0 },
  },
  'JPEG behind a thumbnail, a Huffman table and fill bytes': {
    bytes: [
      ...[0xff, 0xd8, 0xff, 0xe1, ...be16(12), ...[0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 9, 0]],
      ...[0xff, 0xc4, ...be16(4), 1, 2, 0xff, 0xff, 0xff],
      ...[0xc2, ...be16(17), 8, ...be16(480), ...be16(640), 3],
    ],
    header: { format: 'JPEG', width: 640, height: 480 },
  },
  'JPEG without a frame': {
    bytes: [0xff, 0xd8, 0xff, 0xe0, ...be16(8), 1, 2, 3, 4, 5, 6, 0xff, 0xda],
    header: { format: 'JPEG', width: 0, height: 0 },
  },
  'JPEG whose segments never end': {
    bytes: [0xff, 0xd8, ...Array(40).fill([0xff, 0xe0, 0, 0]).flat()],
    header: { format: 'JPEG', width: 0, height: 0 },
  },
  GIF: {
    bytes: [...ascii('GIF89a'), ...le(300, 2), ...le(200, 2), 0, 0],
    header: { format: 'GIF', width: 300, height: 200 },
  },
  'BMP from the top': {
    bytes: [...ascii('BM'), ...Array(12).fill(0), ...le(40, 4), ...le(7, 4), ...le(-5, 4)],
    header: { format: 'BMP', width: 7, height: 5 },
  },
  'WebP, extended': {
    bytes: [...ascii('RIFF....WEBPVP8X'), ...le(10, 4), 0, 0, 0, 0, ...le(69999, 3), ...le(8, 3)],
    header: { format: 'WebP', width: 70000, height: 9 },
  },
  'AVIF of tiles': {
    bytes: [
      ...box('ftyp', [...ascii('avif'), 0, 0, 0, 0]),
      ...box('meta', [
        ...[0, 0, 0, 0, ...box('hdlr', Array(24).fill(0))],
        ...box('iprp', box('ipco', [...ispe(512, 512), ...ispe(4000, 3000)])),
      ]),
    ],
    header: { format: 'AVIF', width: 4000, height: 3000 },
  },
  'HEIC with a box of no size': {
    bytes: [...box('ftyp', [...ascii('heic'), 0, 0, 0, 0]), ...be32(0), ...ascii('free'), 0, 0],
    header: { format: 'HEIC', width: 0, height: 0 },
  },
  'a text file': { bytes: ascii('Dear reader, this is not a picture.'), header: null },
  SVG: { bytes: ascii('<svg xmlns="http://www.w3.org/2000/svg">'), header: null },
  'an empty file': { bytes: [], header: null },
};

for (const [name, { bytes, header }] of Object.entries(WRITTEN)) {
  test(name, () => assert.deepEqual(readHeader(new Uint8Array(bytes)), header));
}

/** Pictures of 37x23 pixels as Pillow 12 writes them, base64. */
const BY_PILLOW = {
  PNG:
    'iVBORw0KGgoAAAANSUhEUgAAACUAAAAXCAIAAAADThHyAAAAJklEQVR4nGP8z0BXwERf60btG7Vv1L5R+0btG7Vv' +
    '1L5R+0btIwAA9wcBLbVhCqkAAAAASUVORK5CYII=',
  'JPEG, progressive':
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////' +
    '////////////////////////////////wgALCAAXACUBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/2gAIAQEA' +
    'AAABoAA//8QAFBABAAAAAAAAAAAAAAAAAAAAMP/aAAgBAQABBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAAMP/aAAgB' +
    'AQAGPwJ//8QAFBABAAAAAAAAAAAAAAAAAAAAMP/aAAgBAQABPyF//9oACAEBAAAAEAAB/8QAFBABAAAAAAAAAAAA' +
    'AAAAAAAAMP/aAAgBAQABPxB//9k=',
  GIF:
    'R0lGODdhJQAXAIEAAP8AAAAAAAAAAAAAACwAAAAAJQAXAEAIMQABCBxIsKDBgwgTKlzIsKHDhxAjSpxIsaLFixgz' +
    'atzIsaPHjyBDihxJsqTJkyg/BgQAOw==',
  'WebP, lossy':
    'UklGRk4AAABXRUJQVlA4IEIAAACQAwCdASolABcAPm02l0ikIyIhJWgAgA2JZwDPkoB+AAAr98NwAP7wm0P/5Bcs' +
    'Lrka//yA/5Af8gP/498Ql180AAA=',
  'WebP, lossless': 'UklGRhwAAABXRUJQVlA4TA8AAAAvJIAFAAcQ/Y/+ByKi/wEA',
  AVIF:
    'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAA' +
    'AAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAKAAAAChpaW5mAAAA' +
    'AAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAJQAAABcA' +
    'AAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQB' +
    'AoMEAAAAMG1kYXQSAAoJGBUks0QENBoQMhkf94eFFd///+LAAADcqMEFWmwqeLOfSKhk',
};

for (const [name, file] of Object.entries(BY_PILLOW)) {
  test(`${name}, as Pillow writes it`, () => {
    const header = readHeader(new Uint8Array(Buffer.from(file, 'base64')));
    assert.deepEqual(header, { format: name.replace(/,.*/, ''), width: 37, height: 23 });
  });
}

for (const count of [0, 16, 40]) {
  test(`a JPEG behind ${count} segments of 64 KB, as portraits of phones have them`, async () => {
    const segment = new Uint8Array(2 + 65535);
    segment.set([0xff, 0xe1, 0xff, 0xff]);
    const frame = [0xff, 0xc0, ...be16(17), 8, ...be16(4080), ...be16(3072), 3];
    const [start, end] = [new Uint8Array([0xff, 0xd8]), new Uint8Array([...frame, ...Array(20)])];
    const blob = new Blob([start, ...Array(count).fill(segment), end]);
    assert.deepEqual(await readHeaderOf(blob), { format: 'JPEG', width: 3072, height: 4080 });
  });
}

test('a large file that never says its size is read once more, and that is all', async () => {
  const blob = new Blob([new Uint8Array([0xff, 0xd8, ...Array(2 << 20).fill(0xff)])]);
  assert.deepEqual(await readHeaderOf(blob), { format: 'JPEG', width: 0, height: 0 });
});
