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

/** Resolves after the server has found idle connections this many times. */
function foundIdle(times: number): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    listening.server.on('timeout', () => {
      if (++count === times) resolve();
    });
  });
}

describe('idle clients', () => {
  test('are disconnected during an upload, and the reader of the body gets an error', async () => {
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

  test('are disconnected during a download, and its source is cancelled', async () => {
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

  test('stay connected while the server is working on their request', async () => {
    const work = Promise.withResolvers<void>();
    await serveApp(async () => {
      await work.promise;
      return new Response('done');
    });
    void foundIdle(3).then(work.resolve);
    const answer = await fetch(`http://127.0.0.1:${listening.port}/`);
    expect([answer.status, await answer.text()]).toEqual([200, 'done']);
  });

  test('stay connected while the server does not read their upload', async () => {
    const work = Promise.withResolvers<void>();
    await serveApp(async (_request, { body }) => {
      await work.promise;
      let size = 0;
      for await (const chunk of body!()) size += chunk.byteLength;
      return new Response(String(size));
    });
    void foundIdle(3).then(work.resolve);
    // Larger than all buffers between client and server, so part of it is still to be sent.
    const content = Buffer.alloc(32 * 1024 * 1024);
    const upload = request({ port: listening.port, host: '127.0.0.1', method: 'PUT', path: '/file' });
    upload.end(content);
    const [answer] = await once(upload, 'response');
    expect(await text(answer)).toBe(String(content.byteLength));
  });
});
