import { describe, expect, test } from 'vitest';
import { compareVersions, parseVersion } from '../../../../services/formats/maven/version-order.ts';

const compare = (a: string, b: string) => Math.sign(compareVersions(parseVersion(a), parseVersion(b)));

// The cases of https://maven.apache.org/pom.html#version-order-specification and of the resolver's own scheme.
describe('the order of versions', () => {
  test.each([
    ['numbers', ['1', '1.2', '1.10', '2', '10']],
    ['numbers beyond 64 bits', ['1.123456789012345678901234567890', '1.1234567890123456789012345678901']],
    [
      'qualifiers around the release',
      ['1.0-alpha', '1.0-beta', '1.0-milestone', '1.0-rc', '1.0-SNAPSHOT', '1.0', '1.0-sp', '1.0-x', '1.0.1'],
    ],
    [
      'prereleases of prereleases',
      ['1-alpha-SNAPSHOT', '1-alpha', '1-alpha-1', '1-alpha-2-SNAPSHOT', '1-alpha-2'],
    ],
    ['short qualifiers before a number', ['1.0a1', '1.0b1', '1.0m1', '1.0', '1.0a', '1.0b', '1.0b.1']],
    ['unknown qualifiers, by their letters', ['1-aac', '1-abc', '1-abcd', '1-bcd']],
    ['numbers after words', ['1.alpha2', '1.alpha10', '1']],
    ['a number and a word', ['1-abc', '1.1']],
    ['words in place of numbers', ['1.ga.1', '1.0.1']],
    ['builds of a snapshot', ['1.0-20260101.120000-1', '1.0-20260101.120000-10', '1.0-20260101.120001-1']],
    ['words in the first place', ['foo', '0.foo', '1']],
    ['the lowest and the highest qualifier', ['1.min', '1.alpha', '1', '1.9', '1.max', '2']],
    ['inner zeros', ['1.0.0-alpha', '1-beta', '1.0.0.0-SNAPSHOT', '1.0']],
    [
      'versions of real packages',
      ['3.0.0.Alpha1', '3.0.0.CR2', '3.0.0.Final', '3.0.1', '31.1-android', '31.1-jre'],
    ],
  ])('is correct for %s', (_, ordered) => {
    for (const [index, version] of ordered.entries()) {
      for (const [other, text] of ordered.entries()) {
        expect([version, text, compare(version, text)]).toEqual([version, text, Math.sign(index - other)]);
      }
    }
  });

  test.each([
    ['1', '1.0.0', '1-ga', '1.final', '1.0-release', '01', '1.', '1_0', '1-0-0', '1.ga.0.ga'],
    ['1.0-rc', '1-CR', '1.rc', '1.0.0.RC'],
    ['1a1', '1-alpha-1', '1.alpha.1', '1.0alpha1'],
    ['1.0-foo', '1-foo', '1.0.0.FOO', '1foo'],
    ['', '0', '0.0', '-'],
    ['.1', '0.1', '-1'],
    ['A', 'a.ga.ga', 'A-final'],
  ])('treats as equal: %s, %s, ...', (...equal) => {
    for (const a of equal) for (const b of equal) expect([a, b, compare(a, b)]).toEqual([a, b, 0]);
  });

  test('can be computed for long hostile versions', () => {
    const long = ['1'.repeat(128), '1.'.repeat(64), 'a1'.repeat(64), '-'.repeat(128), '1a'.repeat(64)];
    const all = Array.from({ length: 500 }, (_, index) => parseVersion(`${long[index % 5]}${index}`));
    expect(all.sort(compareVersions)).toHaveLength(500);
  });
});
