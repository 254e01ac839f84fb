/** Chunks of PNG files (PNG specification, section 5). */

/** Of CRC-32 (annex D). */
const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @type {(bytes: Uint8Array) => number} */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = /** @type {number} */ (TABLE[(crc ^ byte) & 255]) ^ (crc >>> 8);
  return ~crc;
}

/** @type {(kind: string, content: Uint8Array) => Uint8Array<ArrayBuffer>} */
export function pngChunk(kind, content) {
  const chunk = new Uint8Array(content.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  chunk.set([...kind].map((letter) => letter.charCodeAt(0)), 4);
  chunk.set(content, 8);
  view.setUint32(content.length + 8, crc32(chunk.subarray(4, content.length + 8)));
  return chunk;
}
