/** Ends, EXIF, colors and losses of picture files, made here in bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';

import { planColors } from '../../../web_demo/src/ui/color_profile.js';
import { canHoldExif, orientationOf, readExif, withExif } from '../../../web_demo/src/ui/exif.js';
import { endsEarly, findLosses } from '../../../web_demo/src/ui/picture_file.js';
import { pngChunk } from '../../../web_demo/src/ui/png.js';

const bytes = (/** @type {any[]} */ ...parts) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
const text = (/** @type {string} */ letters) => [...Buffer.from(letters, 'latin1')];
const u32 = (/** @type {number} */ value) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
const le32 = (/** @type {number} */ value) => u32(value).reverse();

/** TIFF 6.0, one entry: orientation 6; the next directory, with a thumbnail, would be at 99. */
const EXIF = bytes(text('MM\0*'), u32(8), [0, 1], [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0], u32(99));

const segment = (/** @type {number} */ marker, /** @type {any} */ body) => [
  ...[0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255],
  ...body,
];
const JPEG_DATA = [...segment(0xda, [1, 2, 3]), 0x11, 0xff, 0x00, 0xff, 0xd0, 0x22];
const jpeg = (/** @type {any[]} */ ...segments) => bytes([0xff, 0xd8], ...segments, JPEG_DATA, [0xff, 0xd9]);

const png = (/** @type {any[]} */ ...chunks) =>
  bytes(
    [137, 80, 78, 71, 13, 10, 26, 10],
    pngChunk('IHDR', new Uint8Array(13)),
    ...chunks,
    pngChunk('IDAT', new Uint8Array(9)),
    pngChunk('IEND', new Uint8Array()),
  );

const webp = (/** @type {[string, any][]} */ ...chunks) => {
  const body = chunks.flatMap(([kind, content]) => [...text(kind), ...le32(content.length), ...content]);
  return bytes(text('RIFF'), le32(body.length + 4), text('WEBP'), body);
};

const box = (/** @type {string} */ kind, /** @type {number} */ size) => [...u32(size), ...text(kind), ...Array(size - 8).fill(0)];
const avif = bytes(box('ftyp', 24), box('meta', 60), box('mdat', 80));
const gif = bytes(
  ...[text('GIF89a'), [1, 0, 1, 0, 0x80, 0, 0], Array(6).fill(9), [0x21, 0xf9, 4, 0, 0, 0, 0, 0]],
  ...[[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0x80], Array(6).fill(9), [2, 60], Array(60).fill(0x3b), [0, 0x3b]],
);

/** An EXIF thumbnail is a JPEG with an end of its own. */
const THUMBNAIL = segment(0xe1, [...text('Exif\0\0'), ...EXIF, 0xff, 0xd8, 0xff, 0xd9]);

for (const [name, whole] of Object.entries({
  JPEG: jpeg(),
  'JPEG with a thumbnail': jpeg(THUMBNAIL),
  PNG: png(),
  WebP: webp(['VP8L', Array(60).fill(7)]),
  GIF: gif,
  AVIF: avif,
})) {
  test(`half a ${name} is noticed, and a whole one is not`, () => {
    assert.equal(endsEarly(whole), false);
    for (const share of [0.5, 0.8]) {
      assert.equal(endsEarly(whole.slice(0, Math.floor(whole.length * share))), true, `${share}`);
    }
  });
}

test('what a phone writes after the end of a JPEG does not matter', () => {
  assert.equal(endsEarly(bytes(jpeg(), text('trailer of a phone'))), false);
});

test('of what is not known here nothing is said', () => {
  for (const file of [bytes(text('<svg xmlns="http://www.w3.org/2000/svg"/>')), bytes([]), bytes([0xff])]) {
    assert.equal(endsEarly(file), false);
    assert.equal(readExif(file), null);
    assert.deepEqual(findLosses(file), []);
  }
});

for (const [name, file] of Object.entries({
  JPEG: jpeg(segment(0xe1, [...text('Exif\0\0'), ...EXIF])),
  PNG: png(pngChunk('eXIf', EXIF)),
  WebP: webp(['EXIF', EXIF]),
})) {
  test(`EXIF is found in ${name}`, () => assert.deepEqual(readExif(file), EXIF));
}

for (const [type, empty] of /** @type {const} */ ([['image/jpeg', jpeg()], ['image/png', png()]])) {
  test(`EXIF goes into ${type}, upright and without the thumbnail`, async () => {
    const blob = withExif(new Blob([empty], { type }), EXIF);
    const file = new Uint8Array(await blob.arrayBuffer());
    const found = /** @type {Uint8Array} */ (readExif(file));
    assert.equal(orientationOf(EXIF), 6);
    assert.equal(orientationOf(found), 1);
    assert.deepEqual([...found.slice(-4)], [0, 0, 0, 0]);
    assert.equal(endsEarly(file), false);
  });
}

test('EXIF that breaks off is upright, and kept as it is', () => {
  for (const length of [0, 4, 9, 15]) assert.equal(orientationOf(EXIF.slice(0, length)), 1);
});

test('what a format cannot hold stays out, and is told from what it can', () => {
  const long = new Uint8Array(0x10000);
  assert.deepEqual(['image/png', 'image/jpeg', 'image/webp'].map((type) => canHoldExif(long, type)), [true, false, false]);
  assert.ok(canHoldExif(EXIF, 'image/jpeg'));
  const blob = new Blob([jpeg()], { type: 'image/jpeg' });
  assert.equal(withExif(blob, long), blob);
});

/** @type {(red: number) => number[]} A profile with one tag, rXYZ, of this X. */
const profile = (red) => [
  ...[...Array(128).fill(0), ...u32(1), ...text('rXYZ'), ...u32(144), ...u32(20)],
  ...[...text('XYZ '), ...u32(0), ...u32(Math.round(red * 0x10000)), ...u32(0), ...u32(0)],
];
const [SRGB, P3, ADOBE, DELL] = [0.4361, 0.5151, 0.6097, 0.41].map(profile);
const inJpeg = (/** @type {number[]} */ icc) => jpeg(segment(0xe2, [...text('ICC_PROFILE\0\x01\x01'), ...icc]));
const inPng = (/** @type {number[]} */ icc) => png(pngChunk('iCCP', bytes(text('name\0\0'), deflateSync(bytes(icc)))));
const inAvif = (/** @type {any} */ colr, /** @type {any} */ more = []) => {
  const inner = [...text('colr'), ...colr, ...more];
  return bytes(box('ftyp', 24), u32(8 + inner.length), text('meta'), inner, box('mdat', 80));
};

/** @type {[string, Uint8Array<ArrayBuffer>, RegExp|string][]} With a canvas of a wide gamut, and what is said. */
const COLORS = [
  ['no profile', jpeg(), ''],
  ['sRGB', inJpeg(SRGB), ''],
  ['Display P3 in JPEG', inJpeg(P3), /P3 colors are kept/],
  ['Display P3 in PNG', inPng(P3), /P3 colors are kept/],
  ['Display P3 by number in PNG', png(pngChunk('cICP', bytes([12, 13, 0, 1]))), /P3 colors are kept/],
  ['Display P3 in WebP', webp(['ICCP', P3]), /P3 colors are kept/],
  ['Display P3 in AVIF', inAvif([...text('prof'), ...P3]), /P3 colors are kept/],
  ['BT.2020 by number in AVIF', inAvif([...text('nclx'), 0, 9, 0, 16, 0, 9]), /converted to Display P3/],
  ['Adobe RGB', inJpeg(ADOBE), /converted to Display P3/],
  ['a narrow profile', inPng(DELL), /converted to sRGB/],
  ['a profile without a red', inJpeg(Array(144).fill(0)), /converted to sRGB/],
  ['half a profile', inJpeg(P3.slice(0, 140)), /converted to sRGB/],
];

for (const [name, file, said] of COLORS) {
  test(`${name}: ${said || 'nothing is said'}`, async (t) => {
    const context = { getContextAttributes: () => ({ colorSpace: 'display-p3' }) };
    Object.assign(globalThis, { OffscreenCanvas: class { getContext = () => context; } });
    t.after(() => Reflect.deleteProperty(globalThis, 'OffscreenCanvas'));
    const colors = await planColors(file);
    assert.match(colors.said, new RegExp(said || '^$'));
    assert.equal(colors.colorSpace, /Display P3/.test(colors.said) ? 'display-p3' : 'srgb');
    context.getContextAttributes = () => ({ colorSpace: 'srgb' });
    const narrow = await planColors(file);
    assert.deepEqual([narrow.colorSpace, !narrow.said], ['srgb', !said]);
  });
}

test('further frames, more bits and hidden EXIF are said', () => {
  assert.deepEqual(findLosses(jpeg()), []);
  assert.match(findLosses(png(pngChunk('acTL', new Uint8Array(8))))[0], /first frame/);
  assert.match(findLosses(webp(['ANIM', [0, 0, 0, 0, 0, 0]]))[0], /first frame/);
  const deep = png();
  deep[24] = 16;
  assert.match(findLosses(deep)[0], /16 bits per color are reduced to 8/);
  const more = [...text('pixi'), 0, 0, 0, 0, 3, 10, 10, 10, ...text('infeExif')];
  const losses = findLosses(inAvif(text('nclx'), more));
  assert.match(losses.join(), /EXIF data .* left out,.*10 bits/);
});
