import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

/** Serves a text made of pieces; answers its address. */
async function serve(pieces: () => AsyncIterable<string>): Promise<string> {
  const hono = new Hono<FormatEnv>();
  hono.get('/', (c) => sendText(c, pieces(), { contentType: 'text/plain', vary: 'Accept' }));
  const bindings = { registry: app.registry, requestId: 'test' } as unknown as FormatEnv['Bindings'];
  server = await listen(async (request) => hono.fetch(request, bindings), {
    host: '127.0.0.1',
    port: 0,
  });
  return `http://127.0.0.1:${server.port}/`;
}

async function* some(count: number, ended?: () => void): AsyncGenerator<string> {
  try {
    for (let index = 0; index < count; index++) yield `piece ${index} größer\n`;
  } finally {
    ended?.();
  }
}

describe('a text that is sent as it comes to be', () => {
  test.each(['gzip', 'br, gzip', 'identity', 'br', 'gzip;q=0'])('arrives whole (%s)', async (encoding) => {
    const url = await serve(() => some(5_000));
    const answer = await fetch(url, { headers: { 'accept-encoding': encoding } });
    expect(answer.headers.get('content-encoding')).toBe(/gzip$/.test(encoding) ? 'gzip' : null);
    expect(answer.headers.get('vary')).toBe('Accept-Encoding, Accept');
    const lines = (await answer.text()).split('\n');
    expect([lines.length, lines[4_999]]).toEqual([5_001, 'piece 4999 größer']);
  });

  test.each(['gzip', 'identity'])(
    'is cut off when it fails on the way, so that nobody takes it for whole (%s)',
    async (encoding) => {
      async function* failing() {
        yield* some(5_000);
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

  test('is not made on when its reader has gone', async () => {
    let ended = () => {};
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const url = await serve(() => some(Number.POSITIVE_INFINITY, ended));
    const leaving = new AbortController();
    const answer = await fetch(url, { signal: leaving.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    leaving.abort();
    await gone;
    await expect(reader?.read()).rejects.toThrow();
  });
});
