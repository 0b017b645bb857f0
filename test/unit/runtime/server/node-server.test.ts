import { afterEach, describe, expect, test, vi } from 'vitest';
import type { App } from '../../../../services/http/call.ts';
import type { LingerLimits } from '../../../../services/runtime/server/lingering-close.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';
import { rawClient } from '../../../kit/raw-client.ts';

const MB = 1024 * 1024;

/** More than any buffer on the way holds. */
const LARGE = 80 * MB;

let listening: Listening;
afterEach(() => listening?.stop());

/** Serves an app; a client is given up for idle only after an hour unless a test says otherwise. */
async function start(app: App, limits: Partial<LingerLimits> = {}): Promise<string> {
  const linger = { idle: 3_600_000, whole: 3_600_000, bytes: 1024 * MB, ...limits };
  listening = await listen(app, { host: '127.0.0.1', port: 0, linger });
  return `http://127.0.0.1:${listening.port}`;
}

async function untilAllAreGone(): Promise<void> {
  const connections = () =>
    new Promise((resolve) => listening.server.getConnections((_error, count) => resolve(count)));
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 20_000 });
}

const refuse: App = async () => new Response('not you', { status: 401 });

/** Reads a little of the body before it refuses it. */
const refuseInTheMiddle: App = async (request) => {
  await request.body?.getReader().read();
  return new Response('not this', { status: 400 });
};

describe.each([
  ['before', refuse, '401'],
  ['in the middle of', refuseInTheMiddle, '400'],
] as const)('a client that is answered %s its body', (_when, app, status) => {
  test.each([
    ['a length', [`content-length: ${LARGE}`], LARGE],
    ['no length', ['transfer-encoding: chunked'], undefined],
  ] as const)('and sends it all before it reads gets the answer (%s)', async (_kind, headers, total) => {
    const client = await rawClient(await start(app));
    client.head('PUT / HTTP/1.1', 'host: h', ...headers);
    if (total) expect(await client.sendMany(total)).toBe(true);
    else {
      await client.send(`${LARGE.toString(16)}\r\n`);
      expect(await client.sendMany(LARGE)).toBe(true);
      await client.send('\r\n0\r\n\r\n');
    }
    const answer = await client.answer();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    client.socket.destroy();
  });

  test('and stops when it has read the answer is let go', async () => {
    const client = await rawClient(await start(app));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    await client.send(Buffer.alloc(MB));
    expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    client.socket.end();
    await untilAllAreGone();
  });

  test('and goes on for more than it is worth is cut off', async () => {
    const client = await rawClient(await start(app, { bytes: 2 * MB, idle: 500 }));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${100 * LARGE}`);
    expect(await client.sendMany(100 * LARGE)).toBe(false);
    await untilAllAreGone();
  });

  test('and then says nothing is not waited for', async () => {
    const client = await rawClient(await start(app, { idle: 100 }));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    await client.send(Buffer.alloc(MB));
    expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await untilAllAreGone();
    client.socket.destroy();
  });

  test('and trickles on is not listened to for ever', async () => {
    const client = await rawClient(await start(app, { idle: 500, whole: 700 }));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    const trickle = setInterval(() => client.socket.write('x'), 20);
    expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await untilAllAreGone();
    clearInterval(trickle);
    client.socket.destroy();
  });

  test('does not keep the server from stopping', async () => {
    const client = await rawClient(await start(app));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    await client.send(Buffer.alloc(MB));
    await client.until(/HTTP\/1\.1 4/);
    await listening.stop();
    client.socket.destroy();
    await start(app);
  });
});

test('a client that is refused with a small body keeps its connection', async () => {
  const client = await rawClient(await start(refuse));
  client.head('PUT /1 HTTP/1.1', 'host: h', 'content-length: 1000');
  await client.until(/not you/);
  await client.send(Buffer.alloc(1000));
  client.head('GET /2 HTTP/1.1', 'host: h', 'connection: close');
  const answers = await client.answer();
  expect(answers.match(/HTTP\/1\.1 401/g)).toHaveLength(2);
  expect(answers.match(/^connection: keep-alive/gim)).toHaveLength(1);
});

describe('a client that asks before it sends (Expect: 100-continue)', () => {
  const head = ['PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`, 'expect: 100-continue'];

  test('is told to go on when its body is wanted', async () => {
    const client = await rawClient(
      await start(async (request) => new Response(String((await request.arrayBuffer()).byteLength))),
    );
    client.head(...head);
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    await client.sendMany(LARGE);
    expect(await client.until(/\r\n\r\n\d+$/)).toContain(String(LARGE));
    client.socket.destroy();
  });

  test('is refused without being told to go on, also when it sends all the same', async () => {
    const client = await rawClient(await start(refuse));
    client.head(...head);
    expect(await client.sendMany(LARGE)).toBe(true);
    const answer = await client.answer();
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).not.toContain('100 Continue');
    client.socket.destroy();
  });

  test('and is not there any more does no harm', async () => {
    const ended = Promise.withResolvers<unknown>();
    const url = await start(async (request) => {
      await request.arrayBuffer().then(ended.reject, ended.resolve);
      return new Response('');
    });
    const client = await rawClient(url);
    client.head(...head);
    await client.until(/100 Continue/);
    client.socket.resetAndDestroy();
    expect(await ended.promise).toBeInstanceOf(Error);
  });
});

test.each([
  ['a length twice', ['content-length: 3', 'content-length: 4']],
  ['a length and chunks', ['content-length: 3', 'transfer-encoding: chunked']],
  ['a length that is none', ['content-length: 3x']],
  ['a negative length', ['content-length: -3']],
  ['chunks that are compressed', ['transfer-encoding: gzip']],
])('a request with %s is refused and its connection closed', async (_what, headers) => {
  const client = await rawClient(await start(async () => new Response('taken')));
  client.head('PUT / HTTP/1.1', 'host: h', ...headers);
  await client.send('abc');
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 400 /);
  client.socket.destroy();
});
