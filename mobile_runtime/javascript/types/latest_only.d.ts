/** Queue of length one: while one input is worked on, only the latest waiting one is kept. */
/**
 * @template Input, Result
 */
export declare class LatestOnly<Input, Result> {
    #private;
    /** @param {(input: Input) => Promise<Result>} work */
    constructor(work: (input: Input) => Promise<Result>);
    /**
     * @param {Input} input
     * @returns {Promise<Result>}
     * @throws {import('./errors.js').UpscalerError} `cancelled`, if a later input came before its turn.
     */
    run(input: Input): Promise<Result>;
}
