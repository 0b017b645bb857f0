import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { encodePath, isAltered, toRequest } from '../../../../services/runtime/lambda/event.ts';
import { decodePath } from '../../../kit/gateway-simulator-event.ts';

const paths = [
  '/api/v4/projects/1/packages/npm/left-pad',
  '/api/v4/projects/1/packages/npm/@scope/name',
  '/api/v4/projects/1/packages/generic/a%20b/1.0/x%23y.txt',
  '/a/1.0+deb12u1~rc1',
  '/a/%C3%A9%E2%82%AC%F0%9F%93%A6',
  '/a/100%25',
  '/a/100%25/b%252Fc',
  '/a/b$c&d,e:f;g=h',
  "/a/!b*c(d)'e",
  '/a//b/',
  '/',
];

describe('the path of a request', () => {
  it.each(paths)('is restored as the client sent it, through either kind of gateway: %s', (path) => {
    expect(encodePath(decodePath(path, 'kept'))).toBe(path);
    expect(encodePath(decodePath(path, 'decoded'))).toBe(path);
  });

  it('has characters that need no encoding unencoded', () => {
    expect(encodePath(decodePath('/%40scope%2Fname/1.0%2Bb', 'decoded'))).toBe('/@scope/name/1.0+b');
  });

  it('has a replacement character for a lone surrogate', () => {
    expect(encodePath('/a\ud800')).toBe('/a%EF%BF%BD');
  });

  it('never changes the host of the URL', () => {
    expect(toRequest(event({ rawPath: '//evil.example/a' }), 'https://here.example').url).toBe(
      'https://here.example/evil.example/a',
    );
    expect(toRequest(event({ rawPath: '@evil.example/a' }), 'https://here.example').url).toBe(
      'https://here.example/@evil.example/a',
    );
  });
});

describe('a request', () => {
  it('has the configured host and the query string as sent', () => {
    const request = toRequest(
      event({ rawPath: '/a', rawQueryString: 'x=%2B+1', headers: { host: 'evil.example' } }),
      'https://here.example',
    );
    expect(request.url).toBe('https://here.example/a?x=%2B+1');
  });

  it('has its cookies in the Cookie header', () => {
    const request = toRequest(event({ cookies: ['a=1', 'b=2'] }), 'https://here.example');
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
  });

  it('has the bytes of its headers decoded as Latin-1, like in Node', () => {
    const request = toRequest(event({ headers: { 'x-name': 'zażółć' } }), 'https://here.example');
    expect(Buffer.from(request.headers.get('x-name') ?? '', 'latin1').toString('utf8')).toBe('zażółć');
  });

  it('has a Base64 body decoded to bytes', async () => {
    const bytes = Buffer.from([0, 1, 254, 255]);
    const request = toRequest(
      event({ method: 'PUT', body: bytes.toString('base64'), isBase64Encoded: true }),
      'https://here.example',
    );
    expect(Buffer.from(await request.arrayBuffer())).toEqual(bytes);
  });

  it('has a text body encoded as UTF-8', async () => {
    const request = toRequest(event({ method: 'POST', body: '{"a":"é"}' }), 'https://here.example');
    expect(await request.json()).toEqual({ a: 'é' });
  });

  it('has no body if its method is GET, even if the event has one', () => {
    expect(toRequest(event({ body: 'x' }), 'https://here.example').body).toBeNull();
  });
});

describe('a body of an event', () => {
  const text = (body: string, headers: Record<string, string>) => isAltered(event({ body, headers }));

  it('is altered if it is text of another length than was announced', () => {
    expect(text('caf\ufffd', { 'content-type': 'text/csv', 'content-length': '4' })).toBe(true);
    expect(text('{"a":"\ufffd"}', { 'content-type': 'application/json', 'content-length': '9' })).toBe(true);
    expect(text('caf\u00e9', { 'content-type': 'text/csv', 'content-length': '5' })).toBe(false);
  });

  it('may be altered if it is of type text and contains U+FFFD, even if the length is right or unknown', () => {
    expect(text('a\ufffd', { 'content-type': 'text/plain', 'content-length': '4' })).toBe(true);
    expect(text('a\ufffd', { 'content-type': 'Text/Plain; charset=utf-8' })).toBe(true);
    expect(text('"\ufffd"', { 'content-type': 'application/json', 'content-length': '5' })).toBe(false);
    expect(text('a', { 'content-type': 'text/plain' })).toBe(false);
  });

  it('is not altered if it is Base64 or absent', () => {
    const headers = { 'content-type': 'text/plain', 'content-length': '7' };
    expect(isAltered(event({ body: 'AAECAw==', isBase64Encoded: true, headers }))).toBe(false);
    expect(isAltered(event({ headers }))).toBe(false);
  });
});

function event({
  method = 'GET',
  ...parts
}: Partial<APIGatewayProxyEventV2> & { method?: string }): APIGatewayProxyEventV2 {
  return {
    rawPath: '/',
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method } },
    ...parts,
  } as APIGatewayProxyEventV2;
}
