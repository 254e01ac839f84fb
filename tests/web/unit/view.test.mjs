import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as view from '../../../web_demo/src/ui/view.js';

const PICTURE = { width: 900, height: 600 };
const STAGE = { width: 600, height: 600 };

/** Which point of the picture lies under a point of the stage? */
function under(seen, point) {
  return {
    x: seen.x + (point.x - STAGE.width / 2) / seen.zoom,
    y: seen.y + (point.y - STAGE.height / 2) / seen.zoom,
  };
}

test('fitting shows all of the picture, and no larger than the stage', () => {
  const seen = view.fit(PICTURE, STAGE);
  assert.deepEqual(view.visiblePart(seen, PICTURE, STAGE), { x: 0, y: 0, ...PICTURE });
  assert.equal(seen.zoom * PICTURE.width, STAGE.width);
  assert.ok(view.isFitted(seen, PICTURE, STAGE));
});

test('zooming keeps what is under the pointer', () => {
  const point = { x: 250, y: 310 };
  const before = view.zoomAt(view.fit(PICTURE, STAGE), 4, { x: 300, y: 300 }, PICTURE, STAGE);
  const after = view.zoomAt(before, 1.5, point, PICTURE, STAGE);
  assert.ok(Math.abs(under(before, point).x - under(after, point).x) < 1e-9);
  assert.ok(Math.abs(under(before, point).y - under(after, point).y) < 1e-9);
});

test('zoom ends at the whole picture and at large pixels', () => {
  const corner = { x: 0, y: 0 };
  const fitted = view.fit(PICTURE, STAGE);
  assert.deepEqual(view.zoomAt(fitted, 0.01, corner, PICTURE, STAGE), fitted);
  assert.equal(view.zoomAt(fitted, 1e6, corner, PICTURE, STAGE).zoom, view.MAX_ZOOM);
});

test('the picture cannot be moved off the stage', () => {
  const close = view.zoomAt(view.fit(PICTURE, STAGE), 6, { x: 300, y: 300 }, PICTURE, STAGE);
  const corner = view.moveBy(close, 1e6, 1e6, PICTURE, STAGE);
  const part = view.visiblePart(corner, PICTURE, STAGE);
  assert.deepEqual([part.x, part.y], [0, 0]);
  assert.equal(part.width, STAGE.width / corner.zoom);
});

test('of a part in view all is seen, and what is seen ends where the picture ends', () => {
  const inside = view.visiblePart({ zoom: 1, x: 60, y: 45 }, PICTURE, { width: 99, height: 49 });
  assert.deepEqual(inside, { x: 10.5, y: 20.5, width: 99, height: 49 });
  const part = view.visiblePart({ zoom: 1, x: 9, y: 6.5 }, { width: 8, height: 5 }, { width: 20, height: 9 });
  assert.deepEqual(part, { x: 0, y: 2, width: 8, height: 3 });
});

test('a picture enlarged otherwise is seen at the same place and size', () => {
  const larger = { width: 1800, height: 1200 };
  const close = view.zoomAt(view.fit(PICTURE, STAGE), 3, { x: 10, y: 500 }, PICTURE, STAGE);
  const again = view.rescale(close, PICTURE, larger);
  const [small, large] = [
    view.visiblePart(close, PICTURE, STAGE),
    view.visiblePart(again, larger, STAGE),
  ];
  for (const side of /** @type {const} */ (['x', 'y', 'width', 'height'])) {
    assert.ok(Math.abs(large[side] - 2 * small[side]) < 1e-9);
  }
});
