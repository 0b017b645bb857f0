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
  const linger = { idle: 3_600_000, total: 3_600_000, bytes: 1024 * MB, ...limits };
  listening = await listen(app, { host: '127.0.0.1', port: 0, linger });
  return `http://127.0.0.1:${listening.port}`;
}

const connections = () =>
  new Promise((resolve) => listening.server.getConnections((_error, count) => resolve(count)));

async function untilAllAreGone(): Promise<void> {
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 20_000 });
}

async function untilOneIsThere(): Promise<void> {
  await vi.waitFor(async () => expect(await connections()).toBe(1));
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
    const client = await rawClient(await start(app, { idle: 500, total: 700 }));
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

  test.each([
    ['wants', 'close'],
    ['does not want', 'keep-alive'],
  ])('and %s its connection closed gets its way', async (_wants, connection) => {
    const client = await rawClient(await start(async (request) => new Response(await request.text())));
    client.head(
      'PUT / HTTP/1.1',
      'host: h',
      'content-length: 3',
      'expect: 100-continue',
      `connection: ${connection}`,
    );
    await client.until(/100 Continue/);
    await client.send('abc');
    expect(await client.until(/abc$/)).toMatch(new RegExp(`^connection: ${connection}\r$`, 'im'));
    client.socket.destroy();
  });
});

describe('a server that stops', () => {
  test.each([
    ['nothing', ''],
    ['the beginning of a head', 'GET / HTTP/1.1\r\nx-a: '],
    ['a request, and the beginning of another', 'GET / HTTP/1.1\r\nhost: h\r\n\r\nGET / HT'],
  ])('does not wait for a client that has sent %s', async (_what, sent) => {
    const client = await rawClient(await start(async () => new Response('an answer')));
    await client.send(sent);
    if (sent.includes('host')) await client.until(/an answer/);
    else await untilOneIsThere();
    await listening.stop();
    client.socket.destroy();
  });

  test('finishes the answers under way and says that it closes their connections', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const url = await start(async () => {
      asked.resolve();
      return answer.promise;
    });
    const client = await rawClient(url);
    client.head('GET / HTTP/1.1', 'host: h');
    await asked.promise;
    const stopped = listening.stop();
    answer.resolve(new Response('an answer'));
    expect(await client.answer()).toMatch(/^connection: close\r$[\s\S]*an answer/im);
    await stopped;
    client.socket.destroy();
  });

  test('ends at once when it must, also while it is stopping', async () => {
    const asked = Promise.withResolvers<void>();
    const url = await start(async () => {
      asked.resolve();
      return new Promise<Response>(() => {});
    });
    const client = await rawClient(url);
    client.head('GET / HTTP/1.1', 'host: h');
    await asked.promise;
    const stopped = listening.stop();
    await listening.end();
    await stopped;
    await expect(fetch(url)).rejects.toThrow();
    client.socket.destroy();
  });
});

test.each([
  ['a length twice', ['content-length: 3', 'content-length: 4']],
  ['a length and chunks', ['content-length: 3', 'transfer-encoding: chunked']],
  ['an invalid length', ['content-length: 3x']],
  ['a negative length', ['content-length: -3']],
  ['chunks that are compressed', ['transfer-encoding: gzip']],
])('a request with %s is refused and its connection closed', async (_what, headers) => {
  const client = await rawClient(await start(async () => new Response('taken')));
  client.head('PUT / HTTP/1.1', 'host: h', ...headers);
  await client.send('abc');
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 400 /);
  client.socket.destroy();
});
