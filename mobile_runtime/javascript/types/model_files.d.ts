/**
 * Verified download of a model and of the samples that test it.
 *
 * @import { Model, Sample } from './manifest.js'
 * @import { GoldenImages } from './parity.js'
 */
import type { Model } from './manifest.js';
import type { GoldenImages } from './parity.js';
/**
 * @param {Model} model
 * @returns {Promise<ArrayBuffer>} The verified file.
 * @throws {UpscalerError} It cannot be fetched, or has another hash.
 */
export declare function fetchModel(model: Model): Promise<ArrayBuffer>;
/**
 * @param {Model} model
 * @returns {Promise<GoldenImages[]>} What the self-test compares.
 * @throws {UpscalerError} A sample cannot be fetched, or was changed.
 */
export declare function fetchGolden({ golden, label }: Model): Promise<GoldenImages[]>;
/**
 * @param {URL|string} url
 * @param {string} what For the visitor.
 * @param {object} [options]
 * @param {string} [options.integrity] As in HTML.
 * @param {(loaded: number) => void} [options.onBytes] Called with the bytes that have come in.
 * @returns {Promise<ArrayBuffer>}
 * @throws {UpscalerError} It cannot be fetched, or is another file.
 */
export declare function fetchBytes(url: URL | string, what: string, { integrity, onBytes }?: {
    integrity?: string;
    onBytes?: (loaded: number) => void;
}): Promise<ArrayBuffer>;
