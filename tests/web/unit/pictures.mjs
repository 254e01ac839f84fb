/** Small pictures for tests. */

/** @param {number} width @param {number} height @param {number[]} data RGBA */
export function pixels(width, height, data) {
  return { width, height, data: new Uint8ClampedArray(data) };
}
