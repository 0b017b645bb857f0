import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { UnderlyingSource } from 'node:stream/web';
import { afterEach, describe, expect, test } from 'vitest';
import { StreamedReply } from '../../../../services/http/answer/reply.ts';
import { sendStream } from '../../../../services/runtime/server/send-stream.ts';

/** The errors that were reported for interrupted answers. */
const broken: unknown[] = [];
let server: Server;
afterEach(() => {
  broken.length = 0;
  server.close();
});

/** Sends a request to a server that answers with the stream, and waits for the head of the answer. */
async function requestStream(body: ReadableStream<Uint8Array>, length?: number): Promise<IncomingMessage> {
  server = createServer((_request, outgoing) => {
    const headers = length === undefined ? {} : { 'content-length': String(length) };
    void sendStream(
      new StreamedReply(body, { status: 206, headers }, (error) => broken.push(error)),
      outgoing,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const [incoming] = (await once(request, 'response')) as [IncomingMessage];
  return incoming;
}

/** Byte `n` of the streams' content. It is never 0, the value of unused memory. */
const byteAt = (n: number) => 1 + ((n * 31 + (n >> 12)) % 255);
const expected = (size: number) => Buffer.from(Uint8Array.from({ length: size }, (_, n) => byteAt(n)));

/** A stream of `size` bytes that fills its reader's buffers, and records for each whether it was unused before. */
function byteStream(size: number, wasFresh: boolean[] = []): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view as Uint8Array;
      wasFresh.push(view[0] === 0);
      let filled = 0;
      while (filled < view.byteLength && at < size) view[filled++] = byteAt(at++);
      if (filled === 0) controller.close();
      request.respond(filled);
    },
  });
}

describe('sendStream', () => {
  test('sends a complete byte stream with two reused buffers, however long it is', async () => {
    const size = 5_000_001;
    const wasFresh: boolean[] = [];
    const incoming = await requestStream(byteStream(size, wasFresh), size);
    expect(incoming.statusCode).toBe(206);
    expect(incoming.headers['content-length']).toBe(String(size));
    expect((await buffer(incoming)).equals(expected(size))).toBe(true);
    expect(wasFresh.filter(Boolean)).toHaveLength(2);
    expect(wasFresh.length).toBeGreaterThan(10);
  });

  test.each([0, 1])('ends the answer after a byte stream of length %i', async (size) => {
    expect(await buffer(await requestStream(byteStream(size), size))).toEqual(expected(size));
  });

  test('sends a complete stream that brings its own chunks, without a length', async () => {
    const body = ReadableStream.from([expected(3), expected(200_000), expected(1)]);
    const incoming = await requestStream(body as ReadableStream<Uint8Array>);
    expect(await buffer(incoming)).toEqual(Buffer.concat([expected(3), expected(200_000), expected(1)]));
  });

  test('breaks the connection when the stream fails, so that the client sees that the file is incomplete', async () => {
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stream = controller;
        controller.enqueue(expected(1000));
      },
    });
    const incoming = await requestStream(body);
    stream?.error(new Error('the disk is gone'));
    await expect(buffer(incoming)).rejects.toThrow('aborted');
    expect(broken).toMatchObject([{ message: 'the disk is gone' }]);
  });

  test('reads no further than the client, and cancels the stream when the client disconnects', async () => {
    let pulled = 0;
    let incoming: IncomingMessage | undefined;
    const endless = new Promise<void>((resolve) => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1_000_000;
          controller.enqueue(new Uint8Array(1_000_000));
        },
        cancel: () => resolve(),
      });
      void requestStream(body).then((answer) => {
        incoming = answer;
        answer.once('readable', () => answer.destroy());
      });
    });
    await endless;
    expect(incoming?.destroyed).toBe(true);
    expect(pulled).toBeLessThan(100_000_000);
    expect(broken).toEqual([]);
  });

  test.each(['bytes', undefined] as const)(
    'reads nothing for a client that disconnected before the answer began (%s)',
    async (type) => {
      let pulled = 0;
      const cancelled = Promise.withResolvers<void>();
      const source = { type, pull: () => void pulled++, cancel: () => cancelled.resolve() };
      const body = new ReadableStream(source as UnderlyingSource, { highWaterMark: 0 });
      server = createServer((_request, outgoing) => {
        const response = new StreamedReply(body, { status: 200 }, (error) => broken.push(error));
        outgoing.once('close', () => void sendStream(response, outgoing));
        client.destroy();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
      client.once('error', () => {});
      await cancelled.promise;
      expect(pulled).toBe(0);
      expect(broken).toEqual([]);
    },
  );
});
