import { afterEach, describe, expect, test, vi } from 'vitest';
import type { App } from '../../../../services/http/call.ts';
import type { LingerLimits } from '../../../../services/runtime/server/lingering-close.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';
import { rawClient } from '../../../kit/raw-client.ts';

const MB = 1024 * 1024;

/** Larger than all buffers between client and server. */
const LARGE = 80 * MB;

let listening: Listening;
afterEach(() => listening?.stop());

/** Serves an app. A refused client is disconnected after an hour, unless the test sets other limits. */
async function start(app: App, limits: Partial<LingerLimits> = {}): Promise<string> {
  const linger = { idle: 3_600_000, total: 3_600_000, bytes: 1024 * MB, ...limits };
  listening = await listen(app, { host: '127.0.0.1', port: 0, linger });
  return `http://127.0.0.1:${listening.port}`;
}

const connections = () =>
  new Promise((resolve) => listening.server.getConnections((_error, count) => resolve(count)));

async function untilAllDisconnected(): Promise<void> {
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 20_000 });
}

async function untilOneConnected(): Promise<void> {
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
] as const)('a client that is refused %s its body', (_when, app, status) => {
  test.each([
    ['a length', [`content-length: ${LARGE}`], LARGE],
    ['no length', ['transfer-encoding: chunked'], undefined],
  ] as const)(
    'gets the answer even if it sends the complete body before it reads (%s)',
    async (_kind, headers, total) => {
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
    },
  );

  test('can close the connection once it has read the answer', async () => {
    const client = await rawClient(await start(app));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    await client.send(Buffer.alloc(MB));
    expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    client.socket.end();
    await untilAllDisconnected();
  });

  test('is disconnected when it sends more than the limit of bytes', async () => {
    const client = await rawClient(await start(app, { bytes: 2 * MB, idle: 500 }));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${100 * LARGE}`);
    expect(await client.sendMany(100 * LARGE)).toBe(false);
    await untilAllDisconnected();
  });

  test('is disconnected when it becomes idle', async () => {
    const client = await rawClient(await start(app, { idle: 100 }));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    await client.send(Buffer.alloc(MB));
    expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await untilAllDisconnected();
    client.socket.destroy();
  });

  test('is disconnected after a total time when it keeps sending slowly', async () => {
    const client = await rawClient(await start(app, { idle: 500, total: 700 }));
    client.head('PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`);
    const trickle = setInterval(() => client.socket.write('x'), 20);
    expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await untilAllDisconnected();
    clearInterval(trickle);
    client.socket.destroy();
  });

  test('does not prevent the server from stopping', async () => {
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

describe('a client that sends Expect: 100-continue', () => {
  const head = ['PUT / HTTP/1.1', 'host: h', `content-length: ${LARGE}`, 'expect: 100-continue'];

  test('gets 100 Continue when the app reads its body', async () => {
    const client = await rawClient(
      await start(async (request) => new Response(String((await request.arrayBuffer()).byteLength))),
    );
    client.head(...head);
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    await client.sendMany(LARGE);
    expect(await client.until(/\r\n\r\n\d+$/)).toContain(String(LARGE));
    client.socket.destroy();
  });

  test('is refused without 100 Continue, even if it sends its body anyway', async () => {
    const client = await rawClient(await start(refuse));
    client.head(...head);
    expect(await client.sendMany(LARGE)).toBe(true);
    const answer = await client.answer();
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).not.toContain('100 Continue');
    client.socket.destroy();
  });

  test('causes only an error of its own request when it disconnects after 100 Continue', async () => {
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

  test.each([['close'], ['keep-alive']])('gets the connection that it requests: %s', async (connection) => {
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
    ['part of a request head', 'GET / HTTP/1.1\r\nx-a: '],
    ['a request and part of another', 'GET / HTTP/1.1\r\nhost: h\r\n\r\nGET / HT'],
  ])('does not wait for a client that has sent %s', async (_case, sent) => {
    const client = await rawClient(await start(async () => new Response('an answer')));
    await client.send(sent);
    if (sent.includes('host')) await client.until(/an answer/);
    else await untilOneConnected();
    await listening.stop();
    client.socket.destroy();
  });

  test('finishes the answers under way with Connection: close', async () => {
    const received = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const url = await start(async () => {
      received.resolve();
      return answer.promise;
    });
    const client = await rawClient(url);
    client.head('GET / HTTP/1.1', 'host: h');
    await received.promise;
    const stopped = listening.stop();
    answer.resolve(new Response('an answer'));
    expect(await client.answer()).toMatch(/^connection: close\r$[\s\S]*an answer/im);
    await stopped;
    client.socket.destroy();
  });

  test('can be ended immediately while it is stopping', async () => {
    const received = Promise.withResolvers<void>();
    const url = await start(async () => {
      received.resolve();
      return new Promise<Response>(() => {});
    });
    const client = await rawClient(url);
    client.head('GET / HTTP/1.1', 'host: h');
    await received.promise;
    const stopped = listening.stop();
    await listening.end();
    await stopped;
    await expect(fetch(url)).rejects.toThrow();
    client.socket.destroy();
  });
});

test.each([
  ['two lengths', ['content-length: 3', 'content-length: 4']],
  ['a length and chunked encoding', ['content-length: 3', 'transfer-encoding: chunked']],
  ['an invalid length', ['content-length: 3x']],
  ['a negative length', ['content-length: -3']],
  ['an unsupported transfer encoding', ['transfer-encoding: gzip']],
])('a request with %s is rejected and its connection closed', async (_case, headers) => {
  const client = await rawClient(await start(async () => new Response('taken')));
  client.head('PUT / HTTP/1.1', 'host: h', ...headers);
  await client.send('abc');
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 400 /);
  client.socket.destroy();
});

describe('the head of a request', () => {
  const echo: App = async (request) => new Response(new URL(request.url).pathname);

  async function answerTo(...lines: string[]): Promise<string> {
    const client = await rawClient(await start(echo));
    client.head(...lines);
    return client.answer();
  }

  test('needs no host in HTTP/1.0, as probes of load balancers send it', async () => {
    const answer = await answerTo('GET /-/readiness HTTP/1.0');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('/-/readiness');
  });

  test('is refused with two hosts', async () => {
    for (const more of [[], ['expect: 100-continue', 'content-length: 1']]) {
      const answer = await answerTo('GET / HTTP/1.1', 'Host: a', 'hOST: b', ...more);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('more than one Host header');
    }
  });

  test('is refused without a host in HTTP/1.1', async () => {
    expect(await answerTo('GET / HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.for([
    ['//a///b//', '/a/b/'],
    ['/a%2F%2fb//c', '/a%2F%2fb/c'],
    ['http://h//a//b?c=//', '/a/b'],
  ] as const)('has its slashes squeezed in the path only: %s', async ([target, path]) => {
    expect(await answerTo(`GET ${target} HTTP/1.1`, 'host: h', 'connection: close')).toContain(
      `\r\n\r\n${path}`,
    );
  });
});
