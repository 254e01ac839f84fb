/**
 * The model that lies in this package: none. `scnet bundle` writes another file in its place.
 *
 * @typedef {object} Bundled
 * @property {URL} model
 * @property {URL} manifest
 * @property {Record<string, URL>} samples By their names in the manifest.
 */
export type Bundled = {
    model: URL;
    manifest: URL;
    /**
     * By their names in the manifest.
     */
    samples: Record<string, URL>;
};
/** @type {Bundled|null} */
export declare const BUNDLED: Bundled | null;
