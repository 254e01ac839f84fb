/** Checksum of PNG and ZIP: CRC-32 of ISO 3309, as in the PNG specification, annex D. */

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @type {(bytes: Uint8Array, before?: number) => number} `before` is the checksum of what precedes. */
export function crc32(bytes, before = 0) {
  let crc = ~before;
  for (const byte of bytes) crc = /** @type {number} */ (TABLE[(crc ^ byte) & 255]) ^ (crc >>> 8);
  return ~crc >>> 0;
}
