/**
 * Plan of tiles, as in `mobile_runtime/upscaling/tiling.py` for files that take any size. A tile ends
 * where the picture ends, or at least `halo` pixels beyond its kept part; so the result equals that
 * of the whole picture in one piece, to within one level if the halo is that for 8 bits.
 *
 * @import { Area } from './pixels.js'
 *
 * @typedef {object} Span A tile along one axis, in picture pixels.
 * @property {number} start
 * @property {number} stop
 * @property {number} keptStart
 * @property {number} keptStop
 *
 * @typedef {object} TilePlan One run of the network.
 * @property {Area} read Input, in picture pixels.
 * @property {Area} kept Part of the output that is kept, in pixels of the tile's output.
 * @property {{x: number, y: number}} target Place of the kept part in the whole result.
 */

/**
 * Return how far tiles overlap.
 *
 * @param {{halo: number, halo8bit: number}} model
 * @param {boolean} exact Whether values are to be those of the whole picture.
 */
export const chooseHalo = ({ halo, halo8bit }, exact) => (exact ? halo : halo8bit);

/**
 * Return the smallest side of a tile that is more than its halo.
 *
 * @param {number} halo
 * @returns {number} Side in pixels.
 */
export const smallestSide = (halo) => 2 * halo + 1;

/**
 * Return the fewest tiles that overlap by a halo.
 *
 * @param {{width: number, height: number}} size Of the picture.
 * @param {{halo: number, side: number, scale: number}} options `side` of the largest tile.
 * @returns {TilePlan[]} Kept parts cover the result exactly once, row by row.
 * @throws {RangeError} The tile is not more than its halo.
 */
export function planTiles({ width, height }, { halo, side, scale }) {
  if (Math.max(width, height) > side && side < smallestSide(halo)) {
    throw new RangeError(`Tiles of ${side} pixels leave nothing inside a halo of ${halo}.`);
  }
  const columns = cover(width, side, halo);
  return cover(height, side, halo).flatMap((row) =>
    columns.map((column) => ({
      read: area(column.start, column.stop, row.start, row.stop),
      kept: area(
        (column.keptStart - column.start) * scale,
        (column.keptStop - column.start) * scale,
        (row.keptStart - row.start) * scale,
        (row.keptStop - row.start) * scale,
      ),
      target: { x: column.keptStart * scale, y: row.keptStart * scale },
    })),
  );
}

/** @type {(length: number, side: number, halo: number) => Span[]} */
function cover(length, side, halo) {
  if (length <= side) return [{ start: 0, stop: length, keptStart: 0, keptStop: length }];
  const spans = [];
  for (let covered = 0; covered < length; ) {
    const start = Math.max(covered - halo, 0);
    const stop = Math.min(start + side, length);
    const end = stop === length ? length : stop - halo;
    spans.push({ start, stop, keptStart: covered, keptStop: end });
    covered = end;
  }
  return spans;
}

/**
 * @param {number} left
 * @param {number} right
 * @param {number} top
 * @param {number} bottom
 * @returns {Area}
 */
const area = (left, right, top, bottom) => ({
  x: left,
  y: top,
  width: right - left,
  height: bottom - top,
});
