import { beforeAll, describe, expect, test } from 'vitest';
import type { RegistrySettings } from '../../services/registry/context.ts';
import { type LinkingStore, linkingStore } from '../kit/linking-store.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

const hour = 3_600_000;

/** The result of a request, after a redirect if there is one: the status, and the range of bytes received. */
interface Outcome {
  readonly status: number;
  readonly part?: readonly [start: number, end: number];
}

type RequestHeaders = Record<string, string>;

/** Cases for a file of `size` bytes with this ETag and this date. */
function cases(size: number, etag: string, date: (later: number) => string): [RequestHeaders, Outcome][] {
  const complete: Outcome = { status: 200, part: [0, size] };
  const partial: Outcome = { status: 206, part: [0, 10] };
  const range = 'bytes=0-9';
  return [
    [{}, complete],
    [{ range }, partial],
    [{ range: 'bytes=10-19' }, { status: 206, part: [10, 20] }],
    [{ range: 'bytes=0-0' }, { status: 206, part: [0, 1] }],
    [{ range: 'bytes=10-' }, { status: 206, part: [10, size] }],
    [{ range: 'bytes=-5' }, { status: 206, part: [size - 5, size] }],
    [{ range: 'bytes=-999999' }, { status: 206, part: [0, size] }],
    [{ range: 'bytes=5-999999' }, { status: 206, part: [5, size] }],
    [{ range: `bytes=${size}-` }, { status: 416 }],
    [{ range: 'bytes=999999-' }, { status: 416 }],
    [{ range: 'bytes=-0' }, { status: 416 }],
    [{ range: 'bytes=0-1,4-5' }, complete],
    [{ range: 'bytes=0-1, -1' }, complete],
    [{ range: 'bytes=9-2' }, { status: 416 }],
    [{ range: 'lines=0-1' }, complete],
    [{ range: 'bytes=' }, complete],
    [{ range, 'if-range': etag }, partial],
    [{ range, 'if-range': '"another"' }, complete],
    [{ range, 'if-range': `W/${etag}` }, complete],
    [{ range, 'if-range': date(0) }, partial],
    [{ range, 'if-range': date(-hour) }, complete],
    [{ range, 'if-range': date(hour) }, complete],
    [{ range: `bytes=${size}-`, 'if-range': '"another"' }, complete],
    [{ 'if-none-match': etag }, { status: 304 }],
    [{ 'if-none-match': `W/${etag}` }, { status: 304 }],
    [{ 'if-none-match': `"another", ${etag}` }, { status: 304 }],
    [{ 'if-none-match': '*' }, { status: 304 }],
    [{ 'if-none-match': '"another"' }, complete],
    [{ 'if-none-match': '"another"', 'if-modified-since': date(hour) }, complete],
    [{ 'if-none-match': etag, range }, { status: 304 }],
    [{ 'if-modified-since': date(0) }, { status: 304 }],
    [{ 'if-modified-since': date(hour) }, { status: 304 }],
    [{ 'if-modified-since': date(-hour) }, complete],
    [{ 'if-modified-since': 'yesterday' }, complete],
    [{ 'if-match': etag, range }, partial],
    [{ 'if-match': '*' }, complete],
    [{ 'if-match': '"another"' }, { status: 412 }],
    [{ 'if-unmodified-since': date(0) }, complete],
    [{ 'if-unmodified-since': date(-hour) }, { status: 412 }],
  ];
}

const names = cases(1, '<etag>', (later) =>
  later === 0 ? '<date>' : later > 0 ? '<later>' : '<earlier>',
).map(([headers]) => JSON.stringify(headers));

const modes: readonly [string, Partial<RegistrySettings>][] = [
  ['through the registry', { proxyDownload: true }],
  ['by a redirect', { proxyDownload: false, proxyBelow: 0 }],
];

describe.each(everySample)('downloads of $id', (sample) => {
  describe.each(modes)('%s', (_mode, settings) => {
    let app: TestApp;
    let store: LinkingStore;
    let url: string;
    let bytes: Uint8Array;
    beforeAll(async () => {
      store = linkingStore(() => app.clock.now());
      app = await startApp({ settings, stores: { blobs: store }, formats: formatsWith(sample) });
      const project = await app.project('tools');
      const request = await sample.publish('sample', '1.0.0');
      const prefix = prefixIn(sample, 'project', project.id);
      const { method, path, headers, body } = request;
      await app.send(method, prefix + path, { token: app.rootToken, headers, body });
      url = prefix + sample.file('sample', '1.0.0');
      bytes = request.bytes;
    });

    const sendHead = () => app.send('HEAD', url, { token: app.rootToken });

    /** Sends a GET and follows its redirect as clients do: with all headers but the credentials. */
    async function follow(headers: Record<string, string>): Promise<Response> {
      const answer = await app.send('GET', url, { token: app.rootToken, headers });
      const location = answer.headers.get('location');
      return location === null ? answer : store.follow(location, new Headers(headers));
    }

    test.each(names.map((name, index) => [name, index] as const))(
      'honour the request headers %s',
      async (_name, index) => {
        const head = await sendHead();
        const etag = head.headers.get('etag') ?? '';
        const changed = Date.parse(head.headers.get('last-modified') ?? '');
        const date = (later: number) => new Date(changed + later).toUTCString();
        const [headers, { status, part }] = cases(bytes.byteLength, etag, date)[index] ?? [{}, { status: 0 }];
        const answer = await follow(headers);
        expect(answer.status).toBe(status);
        const body = Buffer.from(await answer.arrayBuffer());
        if (status === 416) expect(answer.headers.get('content-range')).toBe(`bytes */${bytes.byteLength}`);
        if (!part) return;
        expect(body.equals(bytes.slice(...part))).toBe(true);
        const contentRange = status === 206 ? `bytes ${part[0]}-${part[1] - 1}/${bytes.byteLength}` : null;
        expect(answer.headers.get('content-range')).toBe(contentRange);
      },
    );

    test('answer HEAD for the complete file, whatever the range, and honour its conditions', async () => {
      const withoutRange = await sendHead();
      const withRange = await app.send('HEAD', url, {
        token: app.rootToken,
        headers: { range: 'bytes=0-9' },
      });
      for (const answer of [withoutRange, withRange]) {
        expect([answer.status, answer.headers.get('content-range')]).toEqual([200, null]);
        expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
        expect(answer.headers.get('accept-ranges')).toBe('bytes');
        expect(answer.headers.get('location')).toBeNull();
      }
      const headers = { 'if-none-match': withoutRange.headers.get('etag') ?? '' };
      expect((await app.send('HEAD', url, { token: app.rootToken, headers })).status).toBe(304);
    });
  });
});
