import { describe, expect, test } from 'vitest';
import {
  canonicalVersion,
  compareVersions,
  normalizedVersion,
} from '../../../../services/formats/pypi/versions.ts';

describe('the normal form of a version', () => {
  test.each([
    ['1.0', '1.0'],
    ['1', '1'],
    ['1.0.0', '1.0.0'],
    ['0.0', '0.0'],
    [' 1.0 ', '1.0'],
    ['v1.0', '1.0'],
    ['V1.0', '1.0'],
    ['01.002', '1.2'],
    ['2024.01.05', '2024.1.5'],
    ['1!2.0', '1!2.0'],
    ['0!2.0', '2.0'],
    ['1.0a1', '1.0a1'],
    ['1.0.A1', '1.0a1'],
    ['1.0-alpha.1', '1.0a1'],
    ['1.0_beta', '1.0b0'],
    ['1.0c2', '1.0rc2'],
    ['1.0-RC1', '1.0rc1'],
    ['1.0pre1', '1.0rc1'],
    ['1.0preview1', '1.0rc1'],
    ['1.0-1', '1.0.post1'],
    ['1.0.post', '1.0.post0'],
    ['1.0-r4', '1.0.post4'],
    ['1.0.rev4', '1.0.post4'],
    ['1.0post4', '1.0.post4'],
    ['1.0dev', '1.0.dev0'],
    ['1.0-dev_3', '1.0.dev3'],
    ['1.0a1.post2.dev3', '1.0a1.post2.dev3'],
    ['1.0+Ubuntu-1', '1.0+ubuntu.1'],
    ['1.0+ubuntu_01.abc', '1.0+ubuntu.1.abc'],
    ['1.0.dev20240101123456789012345', '1.0.dev20240101123456789012345'],
  ])('of %s is %s', (text, normal) => {
    expect(normalizedVersion(text)).toBe(normal);
    expect(normalizedVersion(normal)).toBe(normal);
  });

  test.each([
    '',
    'a',
    'latest',
    '1.0.',
    '.1',
    '1..0',
    '1.0-',
    '1.0+',
    '1.0+a+b',
    '1.0+é',
    '1.0a1a2',
    '1.0 beta',
    '1.0\n1',
    '1.0.*',
    '>=1.0',
    '1.0-1-1',
    '\u0661.0',
    `1${'.0'.repeat(100)}`,
  ])('is undefined for %j', (text) => {
    expect(normalizedVersion(text)).toBeUndefined();
  });
});

describe('the order of versions', () => {
  /** Versions as the specification and its reference implementation sort them. */
  const ascending = [
    'no version',
    '0.0.dev1',
    '0.9',
    '1.dev0',
    '1.0.dev456',
    '1.0a1.dev1',
    '1.0a1',
    '1.0a2.dev456',
    '1.0a12.dev456',
    '1.0a12',
    '1.0b1.dev456',
    '1.0b2',
    '1.0b2.post345.dev456',
    '1.0b2.post345',
    '1.0rc1.dev456',
    '1.0rc1',
    '1.0rc2',
    '1.0rc10',
    '1.0',
    '1.0+abc.5',
    '1.0+abc.7',
    '1.0+5',
    '1.0+5.1',
    '1.0+10',
    '1.0.post456.dev34',
    '1.0.post456',
    '1.0.15',
    '1.1.dev1',
    '1.2',
    '1.10',
    '20240101123456',
    '1!0.1',
    '10!0.1',
  ];

  test('is that of PEP 440', () => {
    const shuffled = [...ascending].sort(
      (a, b) => ((a.length * 7 + a.charCodeAt(2)) % 11) - ((b.length * 7 + b.charCodeAt(2)) % 11),
    );
    expect(shuffled).not.toEqual(ascending);
    expect(shuffled.sort(compareVersions)).toEqual(ascending);
  });

  test.each([
    ['1.0', '1.0.0'],
    ['1', '1.0.0.0'],
    ['1.0a', '1.0a0'],
    ['1.0-1', '1.0.post1'],
    ['1.0+a_1', '1.0+A.01'],
    ['x', 'y'],
  ])('treats %s and %s as equal', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
    expect(compareVersions(b, a)).toBe(0);
  });
});

test.each([
  ['1', '1.0.0'],
  ['1.0', '1.0.0'],
  ['1.0.0.0', '1.0.0'],
  ['0.0', '0.0.0'],
  ['1.10', '1.10.0'],
  ['1.2.3', '1.2.3'],
  ['2026.1.0.1.0', '2026.1.0.1'],
  ['v1!1.0-RC1+x', '1!1.0.0rc1+x'],
])('equal versions have one canonical text: %s has %s', (text, canonical) => {
  expect(canonicalVersion(text)).toBe(canonical);
});
