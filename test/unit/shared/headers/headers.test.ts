import { describe, expect, test } from 'vitest';
import { bestEncoding, preferred, takesGzip } from '../../../../services/shared/headers/accept.ts';
import { parseRange } from '../../../../services/shared/headers/byte-range.ts';
import {
  contentDisposition,
  encodeStrictly,
} from '../../../../services/shared/headers/content-disposition.ts';
import { hasDotSegment } from '../../../../services/shared/headers/dot-segments.ts';
import { matchesEtag } from '../../../../services/shared/headers/etag.ts';
import { targetPath } from '../../../../services/shared/headers/request-target.ts';

describe('the path of a request', () => {
  test.each([
    '/a/../b',
    '/a/./b',
    '/a/..',
    '/.',
    '..',
    '/a/%2e%2e/b',
    '/a/%2E./b',
    '/a/.%2e?b',
    '/a/..#b',
    '/a%2f..%2Fb',
    '/a/..%5cb',
    '/a\\..\\b',
    'http://host/../a',
  ])('has a dot segment in %s', (path) => expect(hasDotSegment(path)).toBe(true));

  test.each([
    '/',
    '/a/..foo/b',
    '/a/foo../b',
    '/a..b',
    '/.a/b.',
    '/.../a',
    '/a/%2e%2e%2e',
    '/a/%252e%252e/b',
    '/-/.well-known/a',
  ])('has no dot segment in %s', (path) => expect(hasDotSegment(path)).toBe(false));

  test.each([
    ['/a/../b?c=/..', '/a/../b'],
    ['http://host:1/a?b', '/a'],
    ['http://host', ''],
    ['*', ''],
    ['/a/http://b/c', '/a/http://b/c'],
  ])('in the target %s is %s', (target, path) => expect(targetPath(target)).toBe(path));
});

describe('the Range header for a body of ten bytes', () => {
  test.each<[string | undefined, unknown]>([
    [undefined, 'whole'],
    ['bytes=0-4', { start: 0, end: 4 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=0-99', { start: 0, end: 9 }],
    ['Bytes=0-4', { start: 0, end: 4 }],
    [`bytes=0-${'9'.repeat(400)}`, { start: 0, end: 9 }],
    [`bytes=${'9'.repeat(400)}-`, 'unsatisfiable'],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', 'unsatisfiable'],
    ['bytes=0-1,3-4', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=-', 'whole'],
  ])('%s is parsed as %j', (header, expected) => expect(parseRange(header, 10)).toEqual(expected));

  test('cannot be satisfied for an empty body', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
  });
});

describe('the If-None-Match header for the ETag "a"', () => {
  test.each<[string | null, boolean]>([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    [null, false],
  ])('%s matches: %s', (header, expected) => expect(matchesEtag(header, '"a"')).toBe(expected));
});

describe('the Accept-Encoding header', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'identity'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, identity; q=0.5, *;q=0', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.0,gzip;q=0', 'identity'],
    ['deflate', 'identity'],
    ['x-gzip', 'gzip'],
    ['x-gzip;q=0', 'identity'],
    ['GZIP ; Q=0.', 'identity'],
    ['GZip;q=0.01', 'gzip'],
    ['brotli', 'identity'],
    ['gzip, br;q=0.5', 'gzip'],
    ['identity, gzip;q=0.5', 'identity'],
    ['gzip, identity', 'gzip'],
    ['*', 'identity'],
    ['gzip;q=nonsense', 'identity'],
    ['br;q=0, br', 'br'],
    ['', 'identity'],
    [';;,,q=1', 'identity'],
  ])('%s selects %s', (header, expected) => expect(bestEncoding(header)).toBe(expected));

  test.each<[string | undefined, boolean]>([
    [undefined, false],
    ['br', false],
    ['br, gzip;q=0', false],
    ['br, deflate, gzip;q=0.5', true],
    ['X-Gzip', true],
    ['identity', false],
  ])('%s accepts gzip: %s', (header, expected) => expect(takesGzip(header)).toBe(expected));
});

describe('the Accept header when a/new and a/old are available', () => {
  test.each<[string | null, string | undefined]>([
    [null, undefined],
    ['a/old', 'a/old'],
    ['a/old, a/new', 'a/new'],
    ['a/old;q=0.9, a/new;q=0.8', 'a/old'],
    ['A/NEW;charset=utf-8; Q = 0.1', 'a/new'],
    ['a/*, */*', undefined],
    ['a/old;q=0.5, */*', 'a/old'],
    ['a/new;q=0', undefined],
    ['a/newer', undefined],
  ])('%s selects %s', (header, expected) => expect(preferred(header, ['a/new', 'a/old'])).toBe(expected));

  test('is parsed correctly for many different values', () => {
    for (let index = 0; index < 1000; index++) expect(preferred(`a/new;v=${index}`, ['a/new'])).toBe('a/new');
  });
});

describe('the Content-Disposition header', () => {
  test.each([
    ['a.txt', 'attachment; filename="a.txt"'],
    ['deep/er/a b.txt', 'attachment; filename="a b.txt"'],
    ['a"b\\c', `attachment; filename="a_b_c"; filename*=UTF-8''a%22b%5Cc`],
    ['grün.txt', `attachment; filename="gr_n.txt"; filename*=UTF-8''gr%C3%BCn.txt`],
    ["it's (1)*!ü", `attachment; filename="it's (1)*!_"; filename*=UTF-8''it%27s%20%281%29%2A%21%C3%BC`],
    ['100%41', `attachment; filename="100%41"; filename*=UTF-8''100%2541`],
    [
      'a\r\nset-cookie: b',
      `attachment; filename="a__set-cookie: b"; filename*=UTF-8''a%0D%0Aset-cookie%3A%20b`,
    ],
    ['\ud800.txt', `attachment; filename="_.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
  ])('names the file %j', (name, header) => {
    expect(contentDisposition('attachment', name)).toBe(header);
    expect(new Headers({ 'content-disposition': header }).get('content-disposition')).toBe(header);
  });

  test('can be inline', () => expect(contentDisposition('inline', 'a')).toBe('inline; filename="a"'));

  test('percent-encodes every character that is not unreserved', () => {
    const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    expect(encodeStrictly(ascii).replaceAll(/%[0-9A-F]{2}/g, '')).toBe(
      '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~',
    );
  });
});
