import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newTrace } from '../../../../services/domain/request-trace.ts';
import { sendText } from '../../../../services/http/answer/send-text.ts';
import type { FormatEnv } from '../../../../services/http/format/format.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
let server: Listening | undefined;
beforeEach(async () => {
  app = await startApp();
});
afterEach(() => server?.stop());

/** Serves a text made of pieces; returns its URL. */
async function serve(source: () => AsyncIterable<string>): Promise<string> {
  const hono = new Hono<FormatEnv>();
  hono.get('/', (c) => sendText(c, source(), { contentType: 'text/plain', vary: 'Accept' }));
  const bindings = {
    registry: app.registry,
    requestId: 'test',
    trace: newTrace(),
  } as unknown as FormatEnv['Bindings'];
  server = await listen(async (request) => hono.fetch(request, bindings), {
    host: '127.0.0.1',
    port: 0,
  });
  return `http://127.0.0.1:${server.port}/`;
}

async function* pieces(count: number, onEnd?: () => void): AsyncGenerator<string> {
  try {
    for (let index = 0; index < count; index++) yield `piece ${index} größer\n`;
  } finally {
    onEnd?.();
  }
}

describe('a streamed text', () => {
  test.each(['gzip', 'br, gzip', 'identity', 'br', 'gzip;q=0'])(
    'arrives completely (%s)',
    async (encoding) => {
      const url = await serve(() => pieces(5_000));
      const answer = await fetch(url, { headers: { 'accept-encoding': encoding } });
      expect(answer.headers.get('content-encoding')).toBe(/gzip$/.test(encoding) ? 'gzip' : null);
      expect(answer.headers.get('vary')).toBe('Accept-Encoding, Accept');
      const lines = (await answer.text()).split('\n');
      expect([lines.length, lines[4_999]]).toEqual([5_001, 'piece 4999 größer']);
    },
  );

  test.each(['gzip', 'identity'])(
    'breaks the connection when its source fails, so that the client sees that it is incomplete (%s)',
    async (encoding) => {
      async function* failing() {
        yield* pieces(5_000);
        throw new Error('the table is gone');
      }
      const url = await serve(failing);
      const reading = fetch(url, { headers: { 'accept-encoding': encoding } }).then((answer) =>
        answer.text(),
      );
      await expect(reading).rejects.toThrow();
      expect(app.errors).toMatchObject([{ message: 'download interrupted', request_id: 'test' }]);
      const again = await fetch(url, { method: 'HEAD' });
      expect(again.status).toBe(200);
    },
  );

  test('stops its source when the client disconnects', async () => {
    let onEnd = () => {};
    const sourceEnded = new Promise<void>((resolve) => {
      onEnd = resolve;
    });
    const url = await serve(() => pieces(Number.POSITIVE_INFINITY, onEnd));
    const abort = new AbortController();
    const answer = await fetch(url, { signal: abort.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    abort.abort();
    await sourceEnded;
    await expect(reader?.read()).rejects.toThrow();
  });
});
