/**
 * Wheel, drag, pinch, double click and keys move and zoom the stage.
 *
 * @import { Stage } from './stage.js'
 */

/** @typedef {{x: number, y: number}} Point */

const KEY_ZOOM = 1.25;
const KEY_STEP = 60; // CSS pixels
const DOUBLE_CLICK_ZOOM = 3;

/** @type {(stage: Stage) => void} */
export function connectGestures(stage) {
  connectWheel(stage);
  connectPointers(stage);
  connectKeys(stage);
  stage.canvas.addEventListener('dblclick', (event) =>
    stage.isFitted ? stage.zoom(DOUBLE_CLICK_ZOOM, place(event)) : stage.fit(),
  );
}

/** @type {(stage: Stage) => void} */
function connectWheel(stage) {
  stage.canvas.addEventListener(
    'wheel',
    (event) => {
      // Where all is seen there is nothing to zoom out to: the page scrolls on.
      if (event.deltaY > 0 && stage.isFitted) return;
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const speed = event.ctrlKey ? 0.01 : 0.002; // a pinch on a touchpad comes in small steps
      stage.zoom(Math.exp(-event.deltaY * lines * speed), place(event));
    },
    { passive: false },
  );
}

/** @type {(stage: Stage) => void} One pointer drags, two pinch. */
function connectPointers(stage) {
  /** @type {Map<number, Point>} */
  const down = new Map();
  const { canvas } = stage;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    const from = down.get(event.pointerId);
    if (!from) return;
    const to = place(event);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, to);
    if (!other) return stage.move(to.x - from.x, to.y - from.y);
    stage.move((to.x - from.x) / 2, (to.y - from.y) / 2);
    const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
    stage.zoom(distance(to, other) / Math.max(1, distance(from, other)), middle);
  });
  for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    canvas.addEventListener(end, (event) => down.delete(event.pointerId));
  }
}

/** @type {(stage: Stage) => void} */
function connectKeys(stage) {
  const step = KEY_STEP * devicePixelRatio;
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => stage.move(step, 0),
    ArrowRight: () => stage.move(-step, 0),
    ArrowUp: () => stage.move(0, step),
    ArrowDown: () => stage.move(0, -step),
    '+': () => stage.zoom(KEY_ZOOM),
    '=': () => stage.zoom(KEY_ZOOM),
    '-': () => stage.zoom(1 / KEY_ZOOM),
    0: () => stage.fit(),
    1: () => stage.actual(),
  };
  stage.canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

/** @type {(event: MouseEvent) => Point} In stage pixels. */
function place(event) {
  return { x: event.offsetX * devicePixelRatio, y: event.offsetY * devicePixelRatio };
}

/** @type {(a: Point, b: Point) => number} */
function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
