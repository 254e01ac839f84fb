/** Small pictures for tests. */

/** @param {number} width @param {number} height @param {number[]} data RGBA */
export function pixels(width, height, data) {
  return { width, height, data: new Uint8ClampedArray(data) };
}

/**
 * @param {number} width @param {number} height
 * @param {(x: number, y: number, channel: number) => number} value
 */
export function opaque(width, height, value) {
  const data = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.push(value(x, y, 0), value(x, y, 1), value(x, y, 2), 255);
  }
  return pixels(width, height, data);
}
