import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../../services/ports/log.ts';
import { MAX_RESULT, toResult } from '../../../../services/runtime/lambda/response.ts';

const result = (body: ConstructorParameters<typeof Response>[0], init: ResponseInit = {}, method = 'GET') =>
  toResult(new Response(body, init), method, silentLog);

describe('the result of a function', () => {
  it('has a text body unencoded', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect(await result('{"a":"é"}', { headers })).toMatchObject({
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
  });

  it('keeps a byte order mark', async () => {
    const answer = await result('\ufeffa', { headers: { 'content-type': 'text/xml' } });
    expect(Buffer.from(answer.body ?? '')).toEqual(Buffer.from([0xef, 0xbb, 0xbf, 0x61]));
  });

  it.each([
    ['a binary body', { 'content-type': 'application/octet-stream' }],
    ['a binary body labelled as text', { 'content-type': 'text/plain' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['a body without a content type', {}],
  ])('has %s in Base64', async (_, headers: Record<string, string>) => {
    const bytes = new Uint8Array([0x1f, 0x8b, 0xff]);
    expect(await result(bytes, { headers })).toMatchObject({ body: 'H4v/', isBase64Encoded: true });
  });

  it('has cookies in a separate list', async () => {
    const headers = new Headers({ 'content-type': 'text/plain' });
    headers.append('set-cookie', 'a=1; Path=/');
    headers.append('set-cookie', 'b=2');
    const answer = await result('', { headers });
    expect(answer.cookies).toEqual(['a=1; Path=/', 'b=2']);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('repeats the challenge of a 401 in a second header', async () => {
    const challenge = 'Bearer realm="x",service="y"';
    const answer = await result('', { status: 401, headers: { 'www-authenticate': challenge } });
    expect(answer.headers).toMatchObject({
      'www-authenticate': challenge,
      'x-registry-challenge': challenge,
    });
  });

  it('leaves Content-Length to the gateway, except for HEAD', async () => {
    const headers = { 'content-length': '1' };
    expect((await result('a', { headers })).headers).not.toHaveProperty('content-length');
    const head = await result('a', { headers }, 'HEAD');
    expect(head).toMatchObject({ headers, body: '', isBase64Encoded: false });
  });

  it('cancels the body for HEAD without reading it', async () => {
    const { body, isCancelled } = endless();
    expect(await result(body, {}, 'HEAD')).toMatchObject({ statusCode: 200, body: '' });
    expect(isCancelled()).toBe(true);
  });

  it('is a 502 that names the limit when the body is larger than Lambda allows', async () => {
    const answer = await result(new Uint8Array((MAX_RESULT * 3) / 4));
    expect(answer.statusCode).toBe(502);
    expect(answer.body).toContain('6 MB');
  });

  it('counts a text body by its size in JSON', async () => {
    const quotes = '"'.repeat(MAX_RESULT / 2 + 1);
    expect((await result(quotes, { headers: { 'content-type': 'text/plain' } })).statusCode).toBe(502);
  });

  it('stops reading a body that is too large', async () => {
    const { body, isCancelled } = endless();
    expect((await result(body)).statusCode).toBe(502);
    expect(isCancelled()).toBe(true);
  });
});

function endless() {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
    cancel: () => {
      cancelled = true;
    },
  });
  return { body, isCancelled: () => cancelled };
}
