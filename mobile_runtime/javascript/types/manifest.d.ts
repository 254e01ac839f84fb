/**
 * What is known of a converted file: its manifest, as `scnet convert` writes it beside the file.
 *
 * @typedef {object} Sample A raw image, NCHW, RGB.
 * @property {string} url
 * @property {string} sha256
 * @property {number} height
 * @property {number} width
 *
 * @typedef {object} Golden An input and PyTorch's output for it.
 * @property {string} name
 * @property {Sample & {dtype: 'uint8'|'float32'}} input White at 255, or little-endian and white at 1.
 * @property {Sample & {stride: number}} output Little-endian float32, white at 1. Height and width are
 *   those of the whole output, of which the file keeps the rows and columns of `keptPositions`.
 *
 * @typedef {object} Model A converted file, where it lies, and what proves it.
 * @property {string} url
 * @property {string} sha256
 * @property {string} file Its name.
 * @property {string} label For people.
 * @property {number} scale Result pixels per picture pixel and side.
 * @property {string} head
 * @property {string} precision
 * @property {string} shift Form of the spatial shift.
 * @property {number} halo Receptive-field radius of a result pixel, in picture pixels.
 * @property {number} halo8bit As much of it as 8-bit values need, to within one level.
 * @property {string} licence Of the weights, such as `Apache-2.0` or `CC-BY-NC-4.0`.
 * @property {number} operators Number in the file.
 * @property {string} input Its name.
 * @property {string} output
 * @property {Golden[]} golden Empty: backends are not tested.
 *
 * @typedef {object} ModelOptions
 * @property {URL|string|BufferSource|Model} [model] Address or bytes of an `.onnx` file for pictures of
 *   any size, made by `scnet convert`; its golden samples lie beside it. By default the model that
 *   `scnet bundle` has put into this package.
 * @property {URL|string|object} [manifest] Its address, or its content. By default it lies beside the
 *   model, with `.json` after the name.
 * @property {(name: string) => URL|string} [locate] Return the address of a golden sample that the
 *   manifest names; by default beside the manifest.
 * @property {boolean} [selfTest] False trusts every backend untested, and needs no golden samples.
 */
export type Sample = {
    url: string;
    sha256: string;
    height: number;
    width: number;
};
export type Golden = {
    name: string;
    /**
     * White at 255, or little-endian and white at 1.
     */
    input: Sample & {
        dtype: 'uint8' | 'float32';
    };
    /**
     * Little-endian float32, white at 1. Height and width are
     * those of the whole output, of which the file keeps the rows and columns of `keptPositions`.
     */
    output: Sample & {
        stride: number;
    };
};
export type Model = {
    url: string;
    sha256: string;
    /**
     * Its name.
     */
    file: string;
    /**
     * For people.
     */
    label: string;
    /**
     * Result pixels per picture pixel and side.
     */
    scale: number;
    head: string;
    precision: string;
    /**
     * Form of the spatial shift.
     */
    shift: string;
    /**
     * Receptive-field radius of a result pixel, in picture pixels.
     */
    halo: number;
    /**
     * As much of it as 8-bit values need, to within one level.
     */
    halo8bit: number;
    /**
     * Of the weights, such as `Apache-2.0` or `CC-BY-NC-4.0`.
     */
    licence: string;
    /**
     * Number in the file.
     */
    operators: number;
    /**
     * Its name.
     */
    input: string;
    output: string;
    /**
     * Empty: backends are not tested.
     */
    golden: Golden[];
};
export type ModelOptions = {
    /**
     * Address or bytes of an `.onnx` file for pictures of
     * any size, made by `scnet convert`; its golden samples lie beside it. By default the model that
     * `scnet bundle` has put into this package.
     */
    model?: URL | string | BufferSource | Model;
    /**
     * Its address, or its content. By default it lies beside the
     * model, with `.json` after the name.
     */
    manifest?: URL | string | object;
    /**
     * Return the address of a golden sample that the
     * manifest names; by default beside the manifest.
     */
    locate?: (name: string) => URL | string;
    /**
     * False trusts every backend untested, and needs no golden samples.
     */
    selfTest?: boolean;
};
/**
 * Return what there is to know of a file in order to run it.
 *
 * @param {any} manifest
 * @param {(name: string, sha256: string) => string} addressOf Of a file that the manifest names.
 * @returns {Model}
 * @throws {UpscalerError} `model-wrong`: it is no manifest of an ONNX file for pictures of any size.
 */
export declare function describeModel(manifest: any, addressOf: (name: string, sha256: string) => string): Model;
/** @type {(manifest: any) => boolean} */
export declare const isOnnxManifest: (manifest: any) => boolean;
/**
 * Find out what there is to know of a file.
 *
 * @param {ModelOptions} options
 * @returns {Promise<Model>}
 * @throws {UpscalerError} The manifest cannot be fetched, or is of another kind of file.
 * @throws {TypeError} There is no model, or bytes came without a manifest.
 */
export declare function findModel({ model, manifest, locate, selfTest }: ModelOptions): Promise<Model>;
