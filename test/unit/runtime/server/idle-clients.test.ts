import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { App } from '../../../../services/http/call.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';

const IDLE = 300;

let listening: Listening;
afterEach(() => listening.stop());

async function serveApp(app: App): Promise<void> {
  listening = await listen(app, { host: '127.0.0.1', port: 0, idleTimeout: IDLE });
}

async function send(head: string): Promise<Socket> {
  const socket = connect(listening.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`${head}\r\nHost: test\r\n`);
  return socket;
}

/** Resolves when connections have been found idle so many times. */
function foundIdle(times: number): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    listening.server.on('timeout', () => {
      if (++count === times) resolve();
    });
  });
}

describe('clients that do nothing', () => {
  test('are cut off in the middle of an upload, and its reader is told', async () => {
    const failed = Promise.withResolvers<unknown>();
    await serveApp(async (_request, { body }) => {
      try {
        for await (const _chunk of body!());
      } catch (error) {
        failed.resolve(error);
      }
      return new Response();
    });
    const socket = await send('PUT /file HTTP/1.1');
    socket.write('Content-Length: 1000\r\n\r\nten bytes.');
    await once(socket, 'close');
    expect(await failed.promise).toMatchObject({ code: 'ECONNRESET' });
  });

  test('are cut off in the middle of a download, and its source is let go', async () => {
    const cancelled = Promise.withResolvers<void>();
    await serveApp(async () => {
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(256 * 1024)),
        cancel: () => cancelled.resolve(),
      });
      return new Response(body);
    });
    const socket = await send('GET /file HTTP/1.1');
    socket.write('\r\n');
    await once(socket, 'readable');
    await cancelled.promise;
    socket.destroy();
  });

  test('are waited for while it is the server that works', async () => {
    const work = Promise.withResolvers<void>();
    await serveApp(async () => {
      await work.promise;
      return new Response('done');
    });
    void foundIdle(3).then(work.resolve);
    const answer = await fetch(`http://127.0.0.1:${listening.port}/`);
    expect([answer.status, await answer.text()]).toEqual([200, 'done']);
  });

  test('are waited for while the server does not take what they send', async () => {
    const work = Promise.withResolvers<void>();
    await serveApp(async (_request, { body }) => {
      await work.promise;
      let size = 0;
      for await (const chunk of body!()) size += chunk.byteLength;
      return new Response(String(size));
    });
    void foundIdle(3).then(work.resolve);
    // More than the buffers between the two take, so that it can't have been sent whole.
    const content = Buffer.alloc(32 * 1024 * 1024);
    const upload = request({ port: listening.port, host: '127.0.0.1', method: 'PUT', path: '/file' });
    upload.end(content);
    const [answer] = await once(upload, 'response');
    expect(await text(answer)).toBe(String(content.byteLength));
  });
});
