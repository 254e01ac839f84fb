/**
 * Worker that runs one model on one backend, so that the page stays responsive.
 *
 * @import { Backend } from './device.js'
 * @import { Area, Image, Pixels } from './pixels.js'
 * @import { InferenceSession } from 'onnxruntime-web'
 *
 * @typedef {object} Setup
 * @property {Backend} backend
 * @property {number} threads
 * @property {ArrayBuffer} model
 * @property {string} input Name of the model's input.
 * @property {string} output
 * @property {number} scale
 *
 * @typedef {{engine: Backend, module: string, binary: ArrayBuffer}} Load Is sent first.
 * @typedef {{setup: Setup}} Open
 * @typedef {{image: Image}} Run
 * @typedef {{tile: Pixels, kept: Area, gray: boolean}} Upscale
 * @typedef {{id: number} & (Load | Open | Run | Upscale)} Request
 *
 * @typedef {{engine: string}} Loaded Its name and version.
 * @typedef {{milliseconds: number, resources: string[]}} Opened
 * @typedef {{image: Image, milliseconds: number}} Ran
 * @typedef {Loaded | Opened | Ran | Pixels} Answer
 * @typedef {{id: number} & ({answer: Answer} | {error: string})} Response
 * @typedef {{lost: string}} Lost Is sent whenever the GPU goes away.
 */
import type { Backend } from './device.js';
import type { Area, Image, Pixels } from './pixels.js';
export type Setup = {
    backend: Backend;
    threads: number;
    model: ArrayBuffer;
    /**
     * Name of the model's input.
     */
    input: string;
    output: string;
    scale: number;
};
export type Load = {
    engine: Backend;
    module: string;
    binary: ArrayBuffer;
};
export type Open = {
    setup: Setup;
};
export type Run = {
    image: Image;
};
export type Upscale = {
    tile: Pixels;
    kept: Area;
    gray: boolean;
};
export type Request = {
    id: number;
} & (Load | Open | Run | Upscale);
export type Loaded = {
    engine: string;
};
export type Opened = {
    milliseconds: number;
    resources: string[];
};
export type Ran = {
    image: Image;
    milliseconds: number;
};
export type Answer = Loaded | Opened | Ran | Pixels;
export type Response = {
    id: number;
} & ({
    answer: Answer;
} | {
    error: string;
});
export type Lost = {
    lost: string;
};
