import { describe, expect, test } from 'vitest';
import { decodeOnce, formatAddress, pathOf, prefixOf } from '../../../../services/http/format/address.ts';

describe('the address of a format endpoint', () => {
  const cases: [path: string, expected: object][] = [
    ['/api/v4/projects/7/packages/npm/left-pad', { level: 'project', owner: '7', path: '/left-pad' }],
    ['/api/v4/projects/a%2Fb/packages/npm/@s%2fn', { level: 'project', owner: 'a/b', path: '/@s%2fn' }],
    ['/api/v4/projects/a/b/c/packages/npm/@s/n', { level: 'project', owner: 'a/b/c', path: '/@s/n' }],
    ['/api/v4/projects/a%2Eb%2Fc/packages/npm', { level: 'project', owner: 'a.b/c', path: '/' }],
    ['/api/v4/groups/a%2Fb/-/packages/npm/x', { level: 'group', owner: 'a/b', path: '/x' }],
    ['/api/v4/groups/a/b/-/packages/npm/x/', { level: 'group', owner: 'a/b', path: '/x' }],
    ['/api/v4/packages/generic/a/1/f', { level: 'instance', owner: '', format: 'generic', path: '/a/1/f' }],
    [
      '/api/v4/projects/7/packages/generic/a/1/packages/npm/x',
      { format: 'generic', path: '/a/1/packages/npm/x' },
    ],
  ];
  test.each(cases)('%s', (path, expected) => expect(formatAddress(path)).toMatchObject(expected));

  test.each([
    '/api/v4/projects/7/packages',
    '/api/v4/projects/7/packages/12',
    '/api/v4/projects/7/packages/protection/rules',
    '/api/v4/projects/%zz/packages/npm/x',
    '/api/v4/groups/7/packages/npm/x',
    '/',
    '/v2/',
  ])('%s is no format endpoint', (path) => expect(formatAddress(path)).toBeUndefined());

  test('links start with one spelling, however the project was named', () => {
    const encoded = formatAddress('/api/v4/projects/a%2fb/packages/npm/x');
    const plain = formatAddress('/api/v4/projects/a/b/packages/npm/x');
    expect(encoded?.prefix).toBe('/api/v4/projects/a%2Fb/packages/npm');
    expect(plain?.prefix).toBe(encoded?.prefix);
    expect(prefixOf('group', 5, 'npm')).toBe('/api/v4/groups/5/-/packages/npm');
    expect(prefixOf('instance', '', 'npm')).toBe('/api/v4/packages/npm');
  });

  test('a path is decoded once, not twice', () => {
    expect(formatAddress('/api/v4/projects/a%252Fb/packages/npm/x')?.owner).toBe('a%2Fb');
    expect(decodeOnce('%25')).toBe('%');
    expect(decodeOnce('%')).toBeUndefined();
  });

  test('the path of a URL goes up to its query', () => {
    expect(pathOf('http://h/a%2Fb?c=/d')).toBe('/a%2Fb');
    expect(pathOf('http://h')).toBe('/');
    expect(pathOf('http://h:1/x//y')).toBe('/x//y');
  });
});
