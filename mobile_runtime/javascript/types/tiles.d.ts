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
import type { Area } from './pixels.js';
export type Span = {
    start: number;
    stop: number;
    keptStart: number;
    keptStop: number;
};
export type TilePlan = {
    /**
     * Input, in picture pixels.
     */
    read: Area;
    /**
     * Part of the output that is kept, in pixels of the tile's output.
     */
    kept: Area;
    /**
     * Place of the kept part in the whole result.
     */
    target: {
        x: number;
        y: number;
    };
};
/**
 * Return how far tiles overlap.
 *
 * @param {{halo: number, halo8bit: number}} model
 * @param {boolean} exact Whether values are to be those of the whole picture.
 */
export declare const chooseHalo: ({ halo, halo8bit }: {
    halo: number;
    halo8bit: number;
}, exact: boolean) => number;
/**
 * Return the smallest side of a tile that is more than its halo.
 *
 * @param {number} halo
 * @returns {number} Side in pixels.
 */
export declare const smallestSide: (halo: number) => number;
/**
 * Return the fewest tiles that overlap by a halo.
 *
 * @param {{width: number, height: number}} size Of the picture.
 * @param {{halo: number, side: number, scale: number}} options `side` of the largest tile.
 * @returns {TilePlan[]} Kept parts cover the result exactly once, row by row.
 * @throws {RangeError} The tile is not more than its halo.
 */
export declare function planTiles({ width, height }: {
    width: number;
    height: number;
}, { halo, side, scale }: {
    halo: number;
    side: number;
    scale: number;
}): TilePlan[];
