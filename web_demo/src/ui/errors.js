/** Error with a message for the visitor: what was wrong, and what to do. */
export class PageError extends Error {}
