import { describe, expect, test } from 'vitest';
import {
  digestAlgorithms,
  digestFrom,
  digestsOf,
  parseDigest,
  parseSha256,
} from '../../../services/domain/digests.ts';

const empty = {
  md5: 'd41d8cd98f00b204e9800998ecf8427e',
  sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  sha512:
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce' +
    '47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
};

describe('digests', () => {
  test('are computed from bytes, or from text as UTF-8', () => {
    expect(digestsOf('')).toEqual(empty);
    expect(digestsOf(Buffer.from('ä'))).toEqual(digestsOf('ä'));
  });

  test.each(digestAlgorithms)('of %s are parsed in any case, and converted to lower case', (algorithm) => {
    expect(parseDigest(algorithm, empty[algorithm])).toBe(empty[algorithm]);
    expect(parseDigest(algorithm, empty[algorithm].toUpperCase())).toBe(empty[algorithm]);
  });

  test.each([
    ['an empty text', ''],
    ['a digest of another algorithm', empty.sha1],
    ['one digit too few', empty.sha256.slice(1)],
    ['one digit too many', `${empty.sha256}0`],
    ['an invalid digit', empty.sha256.replace('e', 'g')],
    ['a space', ` ${empty.sha256.slice(1)}`],
    ['a line end', `${empty.sha256.slice(1)}\n`],
    ['a path', `${'../'.repeat(21)}a`],
  ])('are not parsed from %s', (_case, text) => {
    expect(parseSha256(text)).toBeUndefined();
  });

  test('are not made from the result of another hash function', () => {
    expect(() => digestFrom('sha256', new Uint8Array(20))).toThrow(RangeError);
  });
});
