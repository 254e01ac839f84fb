/** Workers for tests in Node.js: what they answer is said by the test. */

/**
 * @typedef {{engine?: string, setup?: object, image?: object}} Asked
 * @typedef {{backend: string, onmessage: (event: {data: object}) => void}} Asker `backend` it is for.
 */

const realFetch = globalThis.fetch;

/**
 * Put workers in place that answer so, until the test ends.
 *
 * @param {import('node:test').TestContext} test
 * @param {(asked: Asked, asker: Asker) => object|null} reply Null says nothing.
 */
export function fakeWorkers(test, reply) {
  const { fetch } = globalThis;
  if (fetch === realFetch) Object.assign(globalThis, { fetch: async () => new Response('') });
  class FakeWorker {
    backend = '';
    /** @type {Asker['onmessage']} */
    onmessage = () => {};

    /** @param {Asked & {id: number}} request */
    postMessage({ id, ...asked }) {
      this.backend = asked.engine ?? this.backend;
      const said = reply(asked, this);
      if (said) queueMicrotask(() => this.onmessage({ data: { id, ...said } }));
    }

    terminate() {}
  }
  const { Worker } = globalThis;
  Object.assign(globalThis, { Worker: FakeWorker });
  test.after(() => Object.assign(globalThis, { Worker, fetch }));
}
