/**
 * Upscaling of one picture tile by tile, with smaller tiles if memory runs out.
 *
 * @import { Inference } from './inference.js'
 * @import { Model } from './manifest.js'
 * @import { Pixels } from './pixels.js'
 * @import { Content } from './read_picture.js'
 *
 * @typedef {object} Tile A finished piece of the result, in result pixels.
 * @property {number} x
 * @property {number} y
 * @property {Pixels} pixels
 *
 * @typedef {object} Progress
 * @property {number} done
 * @property {number} total
 * @property {number|null} secondsLeft
 *
 * @typedef {{side: number, done: number}} Place How many tiles of a side are finished.
 *
 * @typedef {object} Run
 * @property {Model} model
 * @property {() => Promise<Inference>} ready Returns the open model; opens it again if it was stopped.
 * @property {number} side Of the largest tile, in picture pixels.
 * @property {boolean} exact Whether values are to be those of the whole picture, not within a level.
 * @property {Place} place Is kept up to date; tiles before it are left out.
 * @property {AbortSignal|undefined} signal
 * @property {(tile: Tile) => void} onTile
 * @property {((progress: Progress) => void)|undefined} onProgress
 */
import type { Inference } from './inference.js';
import type { Model } from './manifest.js';
import type { Pixels } from './pixels.js';
import type { Content } from './read_picture.js';
export type Tile = {
    x: number;
    y: number;
    pixels: Pixels;
};
export type Progress = {
    done: number;
    total: number;
    secondsLeft: number | null;
};
export type Place = {
    side: number;
    done: number;
};
export type Run = {
    model: Model;
    /**
     * Returns the open model; opens it again if it was stopped.
     */
    ready: () => Promise<Inference>;
    /**
     * Of the largest tile, in picture pixels.
     */
    side: number;
    /**
     * Whether values are to be those of the whole picture, not within a level.
     */
    exact: boolean;
    /**
     * Is kept up to date; tiles before it are left out.
     */
    place: Place;
    signal: AbortSignal | undefined;
    onTile: (tile: Tile) => void;
    onProgress: ((progress: Progress) => void) | undefined;
};
/** As in `scnet upscale`: more needs more memory than most devices have. */
export declare const MAX_PIXELS = 64000000;
/**
 * Return the initial side of a tile. The head `direct` works at low resolution to the end; the others
 * keep features at the resolution of the result, which takes `scale` squared times the memory.
 *
 * @param {Model} model
 * @returns {number} In picture pixels.
 */
export declare function startSide({ head, halo }: Model): number;
/**
 * Return the next smaller side to try.
 *
 * @param {number} side
 * @param {number} halo
 * @returns {number|null} Null if there is none.
 */
export declare function smallerSide(side: number, halo: number): number | null;
/**
 * Run all tiles of one size.
 *
 * @param {Content} content
 * @param {Run} run
 * @throws {InferenceError} A tile failed; those before it are finished.
 * @throws {DOMException} `signal` was aborted.
 */
export declare function runTiles({ pixels, transparent, gray }: Content, run: Run): Promise<void>;
/**
 * @param {number[]} areas Of all tiles, in pixels.
 * @param {number} done How many of them are finished.
 * @param {number} elapsed
 * @returns {number} Estimated time of the others, in the unit of `elapsed`.
 */
export declare function estimate(areas: number[], done: number, elapsed: number): number;
/**
 * @param {Pixels} pixels
 * @throws {UpscalerError} The picture has too many pixels, or none.
 */
export declare function checkSize({ width, height }: Pixels): void;
/**
 * Return the error to show the visitor when a tile failed.
 *
 * @param {unknown} error
 * @returns {unknown} Unchanged unless it is an `InferenceError`.
 */
export declare function explain(error: unknown): unknown;
