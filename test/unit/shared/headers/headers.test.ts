import { describe, expect, test } from 'vitest';
import { bestEncoding } from '../../../../services/shared/headers/accept.ts';
import { parseRange } from '../../../../services/shared/headers/byte-range.ts';
import { matchesEtag } from '../../../../services/shared/headers/etag.ts';

describe('Range against ten bytes', () => {
  test.each<[string | undefined, unknown]>([
    [undefined, 'whole'],
    ['bytes=0-4', { start: 0, end: 4 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=0-99', { start: 0, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=-', 'whole'],
  ])('%s', (header, expected) => expect(parseRange(header, 10)).toEqual(expected));

  test('nothing of an empty body can be asked for', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
  });
});

describe('If-None-Match', () => {
  test.each<[string | null, boolean]>([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    [null, false],
  ])('%s', (header, expected) => expect(matchesEtag(header, '"a"')).toBe(expected));
});

describe('Accept-Encoding', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'identity'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, identity; q=0.5, *;q=0', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.0,gzip;q=0', 'identity'],
    ['deflate', 'identity'],
    ['x-gzip', 'gzip'],
    ['brotli', 'identity'],
  ])('%s', (header, expected) => expect(bestEncoding(header)).toBe(expected));
});
