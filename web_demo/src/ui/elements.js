/** Elements of the page, by id and class. */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new (...args: never[]) => T} kind Such as HTMLButtonElement.
 * @returns {T}
 * @throws {Error} index.html has no such element.
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} "${id}".`);
  return found;
}

/** @type {(id: string) => HTMLButtonElement} */
export function button(id) {
  return element(id, HTMLButtonElement);
}

/**
 * Return a new element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Partial<HTMLElementTagNameMap[Tag]>} [facts] @param {(Node|string)[]} content
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, facts = {}, ...content) {
  const made = Object.assign(document.createElement(tag), facts);
  made.append(...content);
  return made;
}

/**
 * Return the radio buttons of a group.
 *
 * @param {string} id Of the group.
 * @returns {HTMLInputElement[]}
 */
export function radios(id) {
  return [...element(id, HTMLElement).querySelectorAll('input')].filter(({ type }) => type === 'radio');
}

/** @type {(id: string) => string} Value of the chosen radio button of a group. */
export function chosen(id) {
  return radios(id).find((radio) => radio.checked)?.value ?? '';
}
