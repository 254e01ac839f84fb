/**
 * A picture in tiles that nobody can see: the scheme of `mobile_runtime/upscaling/tiling.py` for files that
 * take any size. A tile ends where the picture ends, or at least `halo` pixels away from what is
 * painted of it; so the result equals that of the whole picture.
 *
 * @import { Area } from './pixels.js'
 *
 * @typedef {object} Span A tile along one axis, in picture pixels.
 * @property {number} start
 * @property {number} stop
 * @property {number} paintedStart
 * @property {number} paintedStop
 *
 * @typedef {object} TilePlan One run of the network.
 * @property {Area} read What goes in, in picture pixels.
 * @property {Area} kept What is painted, in pixels of the tile's result.
 * @property {{x: number, y: number}} target Its place in the whole result.
 */

/**
 * The smallest tile of which something is left inside the halo.
 *
 * @param {number} halo
 * @returns {number} Side in pixels.
 */
export const smallestSide = (halo) => 2 * halo + 1;

/**
 * Plan the fewest tiles that give the exact result.
 *
 * @param {{width: number, height: number}} size Of the picture.
 * @param {{halo: number, side: number, scale: number}} options `side` of the largest tile.
 * @returns {TilePlan[]} Painted parts cover the result exactly once, row by row.
 * @throws {RangeError} Nothing of a tile is left inside the halo.
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
        (column.paintedStart - column.start) * scale,
        (column.paintedStop - column.start) * scale,
        (row.paintedStart - row.start) * scale,
        (row.paintedStop - row.start) * scale,
      ),
      target: { x: column.paintedStart * scale, y: row.paintedStart * scale },
    })),
  );
}

/**
 * @param {number} length
 * @param {number} side
 * @param {number} halo
 * @returns {Span[]}
 */
function cover(length, side, halo) {
  if (length <= side) return [{ start: 0, stop: length, paintedStart: 0, paintedStop: length }];
  const spans = [];
  for (let painted = 0; painted < length; ) {
    const start = Math.max(painted - halo, 0);
    const stop = Math.min(start + side, length);
    const end = stop === length ? length : stop - halo;
    spans.push({ start, stop, paintedStart: painted, paintedStop: end });
    painted = end;
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
