/**
 * The divider between before and after: dragged, or moved by keys.
 *
 * @import { Stage } from './stage.js'
 */

const STEP = 2;
const LARGE_STEP = 10;

/** @type {(divider: HTMLElement, stage: Stage) => void} */
export function connectDivider(divider, stage) {
  let percent = 50;
  /** @type {(to: number) => void} */
  const move = (to) => {
    percent = Math.min(100, Math.max(0, to));
    divider.style.setProperty('--split', `${percent}%`);
    divider.setAttribute('aria-valuenow', `${Math.round(percent)}`);
    divider.setAttribute('aria-valuetext', `${Math.round(percent)} percent bicubic`);
    stage.split(percent / 100);
  };
  divider.addEventListener('pointerdown', (event) => divider.setPointerCapture(event.pointerId));
  divider.addEventListener('pointermove', (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const box = stage.canvas.getBoundingClientRect();
    move((100 * (event.clientX - box.left)) / box.width);
  });
  divider.addEventListener('keydown', (event) => {
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: percent - STEP,
      ArrowDown: percent - STEP,
      ArrowRight: percent + STEP,
      ArrowUp: percent + STEP,
      PageDown: percent - LARGE_STEP,
      PageUp: percent + LARGE_STEP,
      Home: 0,
      End: 100,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    move(target);
  });
  move(percent);
}
