/** Why something did not work; the message is for the visitor: what was wrong, and what to do. */
export class PageError extends Error {}
