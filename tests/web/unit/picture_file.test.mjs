/** Ends, EXIF, XMP, colors and losses of picture files, made here in bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';

import { planColors } from '../../../web_demo/src/ui/color_profile.js';
import { orientationOf } from '../../../web_demo/src/ui/exif.js';
import { canHold, readMetadata, withMetadata } from '../../../web_demo/src/ui/metadata.js';
import { endsEarly, findLosses } from '../../../web_demo/src/ui/picture_file.js';
import { pngChunk } from '../../../web_demo/src/ui/png.js';
import { hasCompanion } from '../../../web_demo/src/ui/xmp.js';

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

test('of what is not known here nothing is said', async () => {
  for (const file of [bytes(text('<svg xmlns="http://www.w3.org/2000/svg"/>')), bytes([]), bytes([0xff])]) {
    assert.equal(endsEarly(file), false);
    assert.deepEqual(await readMetadata(file), { exif: null, xmp: null });
    assert.deepEqual(findLosses(file), []);
  }
});

const XMP = bytes(text(`<rdf:Description tiff:Orientation='6' dc:title="\xc3\xa4"><exif:PixelXDimension>48</exif:PixelXDimension>`));
const [IN_JPEG, IN_PNG] = ['http://ns.adobe.com/xap/1.0/\0', 'XML:com.adobe.xmp\0'].map(text);
const packed = [...IN_PNG, 1, 0, ...text('en\0Titel\0'), ...deflateSync(XMP)];

for (const [name, file] of Object.entries({
  JPEG: jpeg(segment(0xe1, [...text('Exif\0\0'), ...EXIF]), segment(0xe1, [...IN_JPEG, ...XMP])),
  PNG: png(pngChunk('eXIf', EXIF), pngChunk('iTXt', bytes(IN_PNG, [0, 0, 0, 0], XMP))),
  'compressed PNG': png(pngChunk('iTXt', bytes(packed)), pngChunk('eXIf', EXIF)),
  WebP: webp(['EXIF', EXIF], ['XMP ', XMP]),
})) {
  test(`EXIF and XMP are found in ${name}`, async () => assert.deepEqual(await readMetadata(file), { exif: EXIF, xmp: XMP }));
}

const SIZE = { width: 70000, height: 64 };

for (const [type, empty] of /** @type {const} */ ([['image/jpeg', jpeg()], ['image/png', png()]])) {
  test(`EXIF goes into ${type}, upright and without the thumbnail; XMP upright, with the size`, async () => {
    const blob = withMetadata(new Blob([empty], { type }), { exif: EXIF, xmp: XMP }, SIZE);
    const file = new Uint8Array(await blob.arrayBuffer());
    const { exif, xmp } = await readMetadata(file);
    const found = /** @type {Uint8Array} */ (exif);
    assert.equal(orientationOf(EXIF), 6);
    assert.equal(orientationOf(found), 1);
    assert.deepEqual([...found.slice(-4)], [0, 0, 0, 0]);
    const expected = Buffer.from(XMP).toString('latin1').replace("'6'", "'1'").replace('>48<', '>70000<');
    assert.equal(Buffer.from(xmp ?? []).toString('latin1'), expected);
    assert.equal(endsEarly(file), false);
  });
}

test('EXIF tells the size of the result where it told one', async () => {
  const entry = (/** @type {number} */ tag, /** @type {number} */ kind, /** @type {number[]} */ value) => [...le32(tag).slice(0, 2), kind, 0, 1, 0, 0, 0, ...value];
  const main = [2, 0, entry(0x100, 3, [48, 0, 0, 0]), entry(0x8769, 4, le32(38)), le32(0)].flat();
  const inner = [2, 0, entry(0xa002, 3, [48, 0, 0, 0]), entry(0xa003, 4, le32(32)), le32(0)].flat();
  const told = bytes(text('II*\0'), le32(8), main, inner);
  const blob = withMetadata(new Blob([png()], { type: 'image/png' }), { exif: told, xmp: null }, SIZE);
  const { exif } = await readMetadata(new Uint8Array(await blob.arrayBuffer()));
  const view = new DataView(/** @type {Uint8Array} */ (exif).buffer);
  // A SHORT that 70000 does not fit into has become a LONG.
  assert.deepEqual([12, 42, 54].map((at) => [view.getUint16(at, true), view.getUint32(at + 6, true)]), [[4, 70000], [4, 70000], [4, 64]]);
});

test('EXIF that breaks off is upright, and kept as it is', () => {
  for (const length of [0, 4, 9, 15]) assert.equal(orientationOf(EXIF.slice(0, length)), 1);
});

test('what a format cannot hold stays out, and is told from what it can', () => {
  const long = new Uint8Array(0x10000);
  for (const kind of /** @type {const} */ (['exif', 'xmp'])) {
    assert.deepEqual(['image/png', 'image/jpeg', 'image/webp'].map((type) => canHold(kind, long, type)), [true, false, false]);
    assert.ok(canHold(kind, EXIF, 'image/jpeg'));
    const blob = new Blob([jpeg()], { type: 'image/jpeg' });
    assert.equal(withMetadata(blob, { exif: null, xmp: null, [kind]: long }, SIZE), blob);
  }
});

test('XMP promises no gain map and no video that are gone', async () => {
  const companions = `<a hdrgm:Version="1.0" GCamera:MotionPhoto='1'><Container:Directory><b/></Container:Directory>`;
  const xmp = bytes(text(`${companions}<dc:title>a</dc:title></a>`));
  assert.deepEqual([hasCompanion(xmp), hasCompanion(XMP)], [true, false]);
  const blob = withMetadata(new Blob([png()], { type: 'image/png' }), { exif: null, xmp }, SIZE);
  const left = await readMetadata(new Uint8Array(await blob.arrayBuffer()));
  assert.equal(Buffer.from(left.xmp ?? []).toString(), '<a><dc:title>a</dc:title></a>');
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

test('further frames, more bits, hidden EXIF and XMP, and IPTC are said', () => {
  assert.deepEqual(findLosses(jpeg()), []);
  assert.match(findLosses(png(pngChunk('acTL', new Uint8Array(8))))[0], /first frame/);
  assert.match(findLosses(webp(['ANIM', [0, 0, 0, 0, 0, 0]]))[0], /first frame/);
  const deep = png();
  deep[24] = 16;
  assert.match(findLosses(deep)[0], /16 bits per color are reduced to 8/);
  const more = [...text('pixi'), 0, 0, 0, 0, 3, 10, 10, 10, ...text('infeExif application/rdf+xml')];
  const losses = findLosses(inAvif(text('nclx'), more));
  assert.match(losses.join(), /EXIF data .* left out,.*XMP data .* left out,.*10 bits/);
  const segments = [segment(0xe1, text('http://ns.adobe.com/xmp/extension/\0')), segment(0xed, text('Photoshop 3.0\0'))];
  assert.match(findLosses(jpeg(...segments)).join(), /extended XMP data are left out,.*IPTC .* left out/);
});
