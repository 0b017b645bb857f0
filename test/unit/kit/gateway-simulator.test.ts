import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Gateway, type GatewayOptions, startGateway } from '../../kit/gateway-simulator.ts';

let gateway: Gateway | undefined;

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

const echo = async (event: unknown) => ({ statusCode: 200, body: JSON.stringify(event) });

/** Sends a request exactly as given, without the normalization that `fetch` does. */
async function send(
  path: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  const { port } = new URL(gateway?.url ?? '');
  const { method = 'GET', headers = {} } = options;
  const sent = request({ host: '127.0.0.1', port, path, method, headers });
  sent.end(options.body);
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

async function eventOf(
  path: string,
  options?: Parameters<typeof send>[1],
  more: Partial<GatewayOptions> = {},
) {
  gateway = await startGateway({ handler: echo, ...more });
  const { body } = await send(path, options);
  return JSON.parse(body.toString('utf8'));
}

describe('the event', () => {
  it.each([
    ['/a%20b', '/a b'],
    ['/%40scope%2fname', '/@scope/name'],
    ['/a+b', '/a+b'],
    ['/a%2Bb', '/a+b'],
    ['/a%3Fb/c', '/a'],
    ['/a%252Fb', '/a%2Fb'],
    ['//a/', '//a/'],
    ['/%C3%A9', '/é'],
    ['/a%zz', '/a%zz'],
  ])('has the path %s decoded as %s', async (sent, got) => {
    expect(await eventOf(sent)).toMatchObject({ rawPath: got });
  });

  it('can keep encoded percent signs', async () => {
    expect(await eventOf('/a%252Fb%20%25', {}, { percent: 'kept' })).toMatchObject({
      rawPath: '/a%252Fb %25',
    });
  });

  it('has the query string unchanged', async () => {
    expect(await eventOf('/a?x=%2B+1&y=a?b')).toMatchObject({ rawQueryString: 'x=%2B+1&y=a?b' });
  });

  it('has header names in lower case, and repeated headers joined', async () => {
    const event = await eventOf('/', { headers: { 'X-Thing': ['1', '2'], Accept: 'a/b, c/d' } });
    expect(event.headers).toMatchObject({ 'x-thing': '1,2', accept: 'a/b, c/d' });
  });

  it('has cookies in a separate list, not in the headers', async () => {
    const event = await eventOf('/', { headers: { cookie: 'a=1; b=2' } });
    expect(event.cookies).toEqual(['a=1', 'b=2']);
    expect(event.headers).not.toHaveProperty('cookie');
  });

  it.each(['text/plain', 'application/json; charset=utf-8', 'application/xml'])(
    'has a body of type %s as text',
    async (type) => {
      const event = await eventOf('/', {
        method: 'PUT',
        headers: { 'content-type': type },
        body: Buffer.from('é'),
      });
      expect(event).toMatchObject({ body: 'é', isBase64Encoded: false });
    },
  );

  it.each(['application/octet-stream', 'application/x-www-form-urlencoded', 'application/vnd.x+json'])(
    'has a body of type %s in Base64',
    async (type) => {
      const event = await eventOf('/', {
        method: 'PUT',
        headers: { 'content-type': type },
        body: Buffer.from('a=1'),
      });
      expect(event).toMatchObject({ body: 'YT0x', isBase64Encoded: true });
    },
  );

  it('has no body if none was sent', async () => {
    expect(await eventOf('/', { method: 'DELETE' })).not.toHaveProperty('body');
  });
});

describe('limits', () => {
  it('refuses more than 10,240 bytes of request line and headers', async () => {
    gateway = await startGateway({ handler: echo });
    expect(await send('/', { headers: { x: 'a'.repeat(9_000) } })).toMatchObject({ status: 200 });
    expect(await send('/', { headers: { x: 'a'.repeat(10_300) } })).toMatchObject({ status: 431 });
    expect(await send(`/${'a'.repeat(10_300)}`)).toMatchObject({ status: 431 });
  });

  it('refuses an event of more than 6 MB, which is a file of about 4.5 MB', async () => {
    gateway = await startGateway({ handler: async () => ({ statusCode: 201 }) });
    const put = (size: number) => send('/', { method: 'PUT', body: Buffer.alloc(size) });
    expect(await put(4_700_000)).toMatchObject({ status: 201 });
    expect(await put(4_720_000)).toMatchObject({ status: 413 });
    expect(await put(11_000_000)).toMatchObject({ status: 413 });
  });

  it('turns a result of more than 6 MB into a server error', async () => {
    gateway = await startGateway({
      handler: async (event) => ({ statusCode: 200, body: 'a'.repeat(Number(event.rawPath.slice(1))) }),
    });
    expect((await send('/6000000')).body.length).toBe(6_000_000);
    expect(await send('/6291556')).toMatchObject({ status: 500 });
  });

  it('answers 503 when the function exceeds its timeout', async () => {
    const abort = new AbortController();
    const handler = () => delay(60_000, undefined, { signal: abort.signal, ref: false }).catch(() => {});
    gateway = await startGateway({ handler, timeout: 50 });
    expect(await send('/')).toMatchObject({ status: 503 });
    abort.abort();
  });
});

describe('the answer', () => {
  it('has a Base64 body decoded, with its actual length', async () => {
    const bytes = Buffer.from([0, 255, 128]);
    const headers = { 'Content-Type': 'application/octet-stream', 'content-length': '99' };
    gateway = await startGateway({
      handler: async () => ({
        statusCode: 200,
        headers,
        body: bytes.toString('base64'),
        isBase64Encoded: true,
      }),
    });
    const answer = await send('/');
    expect(answer.body).toEqual(bytes);
    expect(answer.headers).toMatchObject({
      'content-length': '3',
      'content-type': 'application/octet-stream',
    });
  });

  it('has a separate Set-Cookie header for each cookie', async () => {
    gateway = await startGateway({ handler: async () => ({ statusCode: 200, cookies: ['a=1', 'b=2'] }) });
    expect((await send('/')).headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('has no body for HEAD', async () => {
    gateway = await startGateway({ handler: async () => ({ statusCode: 200, body: 'abc' }) });
    expect((await send('/', { method: 'HEAD' })).body.length).toBe(0);
  });

  it('lacks the challenge of a 401 unless x-registry-challenge has a copy', async () => {
    const challenge = 'Basic realm="r"';
    gateway = await startGateway({
      handler: async (event) => ({
        statusCode: 401,
        headers: {
          'www-authenticate': challenge,
          ...(event.rawPath === '/twice' ? { 'x-registry-challenge': challenge } : {}),
        },
      }),
    });
    expect((await send('/once')).headers).not.toHaveProperty('www-authenticate');
    expect((await send('/twice')).headers).toMatchObject({ 'www-authenticate': challenge });
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['returns a list as a header', async () => ({ statusCode: 200, headers: { a: ['b'] } })],
    ['returns an invalid status', async () => ({ statusCode: 'ok' })],
  ])('is a 500 without details when the function %s', async (_, handler) => {
    gateway = await startGateway({ handler });
    const answer = await send('/');
    expect([answer.status, answer.body.toString()]).toEqual([500, '{"message":"Internal Server Error"}']);
  });
});

describe('routes', () => {
  const named = (name: string) => async () => ({ statusCode: 200, body: name });
  const options: GatewayOptions = {
    handler: named('rest'),
    routes: {
      'ANY /p/{id}/npm/{proxy+}': named('npm'),
      'ANY /p/{id}': named('project'),
      'ANY /{proxy+}': named('greedy'),
      'GET /p/{id}/npm/ping': named('ping'),
    },
  };

  it.each([
    ['/p/1/npm/left-pad', 'npm'],
    ['/p/1/npm/ping', 'ping'],
    ['/p/1', 'project'],
    ['/p/a%2Fb/npm/x', 'greedy'],
    ['/', 'rest'],
  ])('map %s to %s', async (path, name) => {
    gateway = await startGateway(options);
    expect((await send(path)).body.toString()).toBe(name);
  });

  it('can be matched against the encoded path', async () => {
    gateway = await startGateway({ ...options, routeBy: 'encoded' });
    expect((await send('/p/a%2Fb/npm/x')).body.toString()).toBe('npm');
  });

  it('answer 404 if none matches', async () => {
    gateway = await startGateway({ routes: {} });
    expect(await send('/')).toMatchObject({ status: 404 });
  });
});
