/**
 * The model that lies in this package, with addresses that bundlers find. Written by `scnet bundle`.
 *
 * @typedef {object} Bundled
 * @property {URL} model
 * @property {URL} manifest
 * @property {Record<string, URL>} samples By their names in the manifest.
 */

/** @type {Bundled|null} */
export const BUNDLED = {
  model: new URL('./model/${file}', import.meta.url),
  manifest: new URL('./model/${file}.json', import.meta.url),
  samples: {
${samples}
  },
};
