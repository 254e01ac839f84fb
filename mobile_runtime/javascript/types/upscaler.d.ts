/**
 * One model, open on one backend of this device.
 *
 * @import { Backend } from './device.js'
 * @import { Model } from './manifest.js'
 * @import { Pixels } from './pixels.js'
 * @import { Content, Picture } from './read_picture.js'
 * @import { Choice, Chosen } from './self_test.js'
 * @import { Place, Progress, Run, Tile } from './tile_run.js'
 *
 * @typedef {object} OpenOptions
 * @property {Backend|'auto'} [backend] `auto`, the default, takes the fastest that passes the self-test;
 *   one that is named is the only one tried.
 * @property {AbortSignal} [signal]
 * @property {(text: string) => void} [onNotice] Receives sentences for people while something goes on,
 *   such as that a GPU failed and the processor goes on.
 */
import type { Backend } from './device.js';
import type { Model } from './manifest.js';
import type { Pixels } from './pixels.js';
import type { Picture } from './read_picture.js';
import type { Choice } from './self_test.js';
import type { Place, Progress, Tile } from './tile_run.js';
export type OpenOptions = {
    /**
     * `auto`, the default, takes the fastest that passes the self-test;
     * one that is named is the only one tried.
     */
    backend?: Backend | 'auto';
    signal?: AbortSignal;
    /**
     * Receives sentences for people while something goes on,
     * such as that a GPU failed and the processor goes on.
     */
    onNotice?: (text: string) => void;
};
/** Upscales pictures on this device, in a worker; nothing is uploaded. */
export declare class Upscaler {
    #private;
    /** @type {(model: Model, options: OpenOptions) => Promise<Upscaler>} */
    static open(model: Model, { backend, signal, onNotice }: OpenOptions): Promise<Upscaler>;
    /**
     * @private
     * @param {Model} model
     * @param {Backend|'auto'} asked
     * @param {(text: string) => void} onNotice
     * @param {Chosen} chosen
     */
    private constructor();
    /** Result pixels per picture pixel and side. */
    get scale(): number;
    /** @returns {Backend} What computes now; it changes if a GPU fails. */
    get backend(): Backend;
    /** @returns {Choice} The backend with its threads, why it was taken, and what the others did. */
    get choice(): Choice;
    /** @returns {string[]} Addresses of what the worker fetched, for a service worker that keeps files. */
    get resources(): string[];
    /**
     * Upscale a picture of any size. The result takes 4 * scale² bytes per pixel of the picture, 768 MB
     * for 12 megapixels at x4; `upscaleTiles` gives it piece by piece.
     *
     * @param {Picture} picture
     * @param {object} [options]
     * @param {AbortSignal} [options.signal] Stops at once, even in the middle of a tile.
     * @param {(progress: Progress) => void} [options.onProgress] Called after every tile.
     * @param {boolean} [options.exact] Give each value as the whole picture in one piece would; by
     *   default values may differ from that by one level.
     * @returns {Promise<ImageData>} In sRGB.
     * @throws {UpscalerError} See `ErrorCode`.
     * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
     */
    upscale(picture: Picture, { signal, onProgress, exact }?: {
        signal?: AbortSignal;
        onProgress?: (progress: Progress) => void;
        exact?: boolean;
    }): Promise<ImageData>;
    /**
     * Upscale a picture of any size, and give away each finished tile, so that no result lies in memory.
     *
     * @param {Picture} picture
     * @param {object} options
     * @param {(tile: Tile) => void} options.onTile Called with every finished tile; tiles are repeated,
     *   smaller, if memory ran out.
     * @param {AbortSignal} [options.signal] Stops at once, even in the middle of a tile.
     * @param {(progress: Progress) => void} [options.onProgress]
     * @param {boolean} [options.exact] See `upscale`.
     * @param {Place} [options.place] Where an earlier call was stopped; is kept up to date.
     * @returns {Promise<void>}
     * @throws {UpscalerError} See `ErrorCode`.
     * @throws {DOMException} The reason of `signal`, by default an `AbortError`.
     */
    upscaleTiles(picture: Picture, { signal, exact, place, ...told }: {
        onTile: (tile: Tile) => void;
        signal?: AbortSignal;
        onProgress?: (progress: Progress) => void;
        exact?: boolean;
        place?: Place;
    }): Promise<void>;
    /**
     * Upscale a small opaque picture in one piece. Of pictures that arrive while one is computed, only
     * the latest is used: for cameras and video.
     *
     * @param {Pixels} pixels
     * @returns {Promise<Pixels>}
     * @throws {UpscalerError} `cancelled` if a later one came; see `ErrorCode`.
     */
    upscaleFrame(pixels: Pixels): Promise<Pixels>;
    /** Stop everything and free the memory; what was under way fails with `cancelled`. */
    dispose(): void;
}
