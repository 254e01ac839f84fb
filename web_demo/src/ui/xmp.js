/**
 * XMP (ISO 16684-1), changed in place as `mobile_runtime/imaging/xmp.py` does it: RDF writes a property as
 * an attribute or as an element.
 *
 * @import { Size } from './view.js'
 */

/** What tells of a gain map or a video in the same file, of Android, Apple and motion photos: it is left behind. */
const COMPANIONS = [
  /<Container:Directory>.{0,16384}?<\/Container:Directory>/gs,
  /<hdrgm:(\w+)>.{0,4096}?<\/hdrgm:\1>/gs,
  /(?<!\s)\s+hdrgm:\w+\s*=\s*("[^"]*"|'[^']*')/g,
  /<HDRGainMap:(\w+)>.{0,4096}?<\/HDRGainMap:\1>/gs,
  /(?<!\s)\s+HDRGainMap:\w+\s*=\s*("[^"]*"|'[^']*')/g,
  /<GCamera:((?:MotionPhoto|MicroVideo)\w*)>.{0,4096}?<\/GCamera:\1>/gs,
  /(?<!\s)\s+GCamera:(?:MotionPhoto|MicroVideo)\w*\s*=\s*("[^"]*"|'[^']*')/g,
];

/** @type {(xmp: Uint8Array) => string} A letter a byte: what is no ASCII stays as it is. */
const lettersOf = (xmp) => xmp.reduce((all, byte) => all + String.fromCharCode(byte), '');

/** @type {(letters: string) => Uint8Array} */
const bytesOf = (letters) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));

/** @type {(letters: string) => string} */
const withoutCompanions = (letters) => COMPANIONS.reduce((left, pattern) => left.replace(pattern, ''), letters);

/** @type {(xmp: Uint8Array) => boolean} Whether it tells of a gain map or a video beside the picture. */
export function hasCompanion(xmp) {
  const letters = lettersOf(xmp);
  return withoutCompanions(letters) !== letters;
}

/** @type {(xmp: Uint8Array, size: Size) => Uint8Array} The same of an upright picture of a size, alone in its file. */
export function fitXmp(xmp, { width, height }) {
  const facts = {
    'tiff:Orientation': 1,
    'tiff:ImageWidth': width,
    'tiff:ImageLength': height,
    'exif:PixelXDimension': width,
    'exif:PixelYDimension': height,
  };
  let letters = withoutCompanions(lettersOf(xmp));
  for (const [name, value] of Object.entries(facts)) {
    const attribute = new RegExp(`(\\b${name}\\s*=\\s*["'])\\d+(?=["'])`, 'g');
    const element = new RegExp(`(<${name}>\\s*)\\d+(?=\\s*</${name}>)`, 'g');
    letters = letters.replace(attribute, `$1${value}`).replace(element, `$1${value}`);
  }
  return bytesOf(letters);
}
