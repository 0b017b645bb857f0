import { describe, expect, test } from 'vitest';
import { catalog, type Mount, mountsOf, packageMounts } from '../../../../services/catalog.ts';
import { addressReader, decodeOnce, pathOf, prefixOf } from '../../../../services/http/format/address.ts';

const images: Mount[] = [
  { level: 'instance', path: '/v2' },
  { level: 'group', path: '/v2/{owner}/dependency_proxy/containers', routes: 'proxy' },
  { level: 'instance', path: '/jwt/auth', routes: 'tokens' },
];

const composer: Mount[] = [
  ...packageMounts('composer'),
  { level: 'group', path: '/api/v4/group/{owner}/-/packages/composer' },
];

const terraform: Mount[] = [
  { level: 'project', path: '/api/v4/projects/{owner}/packages/terraform/modules' },
  { level: 'instance', path: '/api/v4/packages/terraform/modules/v1' },
  { level: 'instance', path: '/.well-known/terraform.json', routes: 'discovery' },
];

const debian: Mount[] = [
  ...packageMounts('debian'),
  { level: 'project', path: '/api/v4/projects/{owner}/debian_distributions', routes: 'distributions' },
];

const formats = [
  // The mounts of `images` are those of a format of the catalog.
  ...catalog.filter(({ mounts }) => !mounts.some(({ path }) => path === '/v2')),
  { id: 'images', mounts: images },
  { id: 'composer', mounts: composer },
  { id: 'terraform', mounts: terraform },
  { id: 'debian', mounts: debian },
  { id: 'conan2', mounts: packageMounts('conan2') },
  { id: 'go', mounts: packageMounts('go') },
  {
    id: 'virtual',
    mounts: [{ level: 'group', path: '/api/v4/virtual_registries/packages/{owner}' } as const],
  },
];

const addressOf = addressReader(formats);

describe('the address of a format endpoint', () => {
  const cases: [path: string, expected: object][] = [
    ['/api/v4/projects/7/packages/npm/left-pad', { level: 'project', owner: '7', path: '/left-pad' }],
    ['/api/v4/projects/a%2Fb/packages/npm/@s%2fn', { level: 'project', owner: 'a/b', path: '/@s%2fn' }],
    ['/api/v4/projects/a/b/c/packages/npm/@s/n', { level: 'project', owner: 'a/b/c', path: '/@s/n' }],
    ['/api/v4/projects/a%2Eb%2Fc/packages/npm', { level: 'project', owner: 'a.b/c', path: '/' }],
    ['/api/v4/projects/7/packages/npm/', { level: 'project', owner: '7', path: '/' }],
    ['/api/v4/projects/7/packages/npm//x//', { level: 'project', owner: '7', path: '//x/' }],
    ['/api/v4/groups/a%2Fb/-/packages/npm/x', { level: 'group', owner: 'a/b', path: '/x' }],
    ['/api/v4/groups/a/b/-/packages/npm/x/', { level: 'group', owner: 'a/b', path: '/x' }],
    ['/api/v4/packages/generic/a/1/f', { level: 'instance', owner: '', format: 'generic', path: '/a/1/f' }],
    ['/api/v4/packages/conan2/v1/ping', { level: 'instance', format: 'conan2', path: '/v1/ping' }],
    ['/api/v4/projects/7/packages/go/h/m/@v/list', { format: 'go', path: '/h/m/@v/list' }],
    ['/api/v4/group/5/-/packages/composer/packages.json', { level: 'group', owner: '5', format: 'composer' }],
    ['/api/v4/groups/5/-/packages/composer/p2/a/b.json', { level: 'group', owner: '5', format: 'composer' }],
    [
      '/api/v4/packages/terraform/modules/v1/ns/n/s/versions',
      { level: 'instance', path: '/ns/n/s/versions' },
    ],
    ['/api/v4/projects/a/b/packages/terraform/modules/n/s', { level: 'project', owner: 'a/b', path: '/n/s' }],
    ['/.well-known/terraform.json', { format: 'terraform', routes: 'discovery', owner: '', path: '/' }],
    ['/v2', { format: 'images', level: 'instance', path: '/', routes: undefined }],
    ['/v2/', { format: 'images', level: 'instance', path: '/', routes: undefined }],
    ['/v2/a/b/manifests/1', { format: 'images', path: '/a/b/manifests/1', prefix: '/v2' }],
    [
      '/v2/a/b/dependency_proxy/containers/alpine/manifests/3',
      { level: 'group', owner: 'a/b', routes: 'proxy', path: '/alpine/manifests/3' },
    ],
    ['/v2/dependency_proxy/containers/x/manifests/3', { level: 'instance', routes: undefined }],
    ['/jwt/auth', { format: 'images', routes: 'tokens', path: '/' }],
    [
      '/api/v4/projects/7/debian_distributions/sid',
      { format: 'debian', routes: 'distributions', path: '/sid' },
    ],
    ['/api/v4/virtual_registries/packages/9/x', { format: 'virtual', owner: '9', path: '/x' }],
    ['/api/v4/virtual_registries/packages/9', { format: 'virtual', owner: '9', path: '/' }],
  ];
  test.each(cases)('is read from %s', (path, expected) => expect(addressOf(path)).toMatchObject(expected));

  test.each([
    '',
    '/',
    '//',
    'api/v4/packages/npm/x',
    '/api/v4/projects/7/packages',
    '/api/v4/projects/7/packages/12',
    '/api/v4/projects/7/packages/protection/rules',
    '/api/v4/projects/7/packages/npmx/a',
    '/api/v4/projects/7/packages/NPM/a',
    '/api/v4/projects/7/packages/n%70m/a',
    '/api/v4/projects/%zz/packages/npm/x',
    '/api/v4/projects//packages/npm/x',
    '/api/v4/projects/packages/npm/x',
    '/api/v4/groups/7/packages/npm/x',
    '/api/v4/group/7/-/packages/npm/x',
    '/api/v4/projects/7/packages/terraform/x',
    '/api/v4/projects/7/packages/__proto__/x',
    '/api/v4/virtual_registries/packages',
    '/v20/',
    '/v2x',
    '/jwt/authority',
    '/.well-known/terraform.json5',
    '/x/v2/a',
  ])('is undefined for %j', (path) => expect(addressOf(path)).toBeUndefined());

  test.each([
    ['/api/v4/projects/7/packages/generic/a/1/packages/npm/x', 'generic', '/a/1/packages/npm/x'],
    ['/api/v4/projects/a/b/packages/generic/packages/npm/x', 'generic', '/packages/npm/x'],
    ['/api/v4/groups/a/-/packages/generic/-/packages/npm/x', 'generic', '/-/packages/npm/x'],
    ['/api/v4/packages/generic/api/v4/packages/npm', 'generic', '/api/v4/packages/npm'],
    ['/api/v4/projects/7/packages/generic/debian_distributions/1/f', 'generic', '/debian_distributions/1/f'],
    ['/v2/api/v4/packages/npm/manifests/1', 'images', '/api/v4/packages/npm/manifests/1'],
  ])('is that of the first mount in %s', (path, format, rest) => {
    expect(addressOf(path)).toMatchObject({ format, path: rest });
  });

  test('is undefined if a resource of the management API precedes the mount', () => {
    for (const path of [
      '/api/v4/projects/7/packages/12/packages/npm/x',
      '/api/v4/projects/7/packages/protection/packages/npm/x',
      '/api/v4/projects/7/members/packages/npm/x',
      '/api/v4/groups/a/-/members/-/packages/npm/x',
    ]) {
      expect([path, addressOf(path)]).toEqual([path, undefined]);
    }
  });

  test('is undefined in a function of one family for the paths of another', () => {
    const alone = addressReader([{ id: 'npm', mounts: mountsOf('npm') }]);
    expect(alone('/api/v4/projects/7/packages/npm/x')).toMatchObject({ format: 'npm' });
    expect(alone('/api/v4/projects/7/packages/generic/packages/npm/x')).toBeUndefined();
    expect(alone('/api/v4/groups/a/-/packages/generic/-/packages/npm/x')).toBeUndefined();
  });

  test('is found in a path of ten thousand segments', () => {
    const deep = 'a/'.repeat(10_000);
    expect(addressOf(`/api/v4/projects/${deep}x`)).toBeUndefined();
    expect(addressOf(`/api/v4/projects/${deep}packages/npm/${deep}`)).toMatchObject({ format: 'npm' });
    expect(addressOf(`/v2/${deep}dependency_proxy/x`)).toMatchObject({ format: 'images', level: 'instance' });
  });
});

describe('the prefix of links', () => {
  test('has one spelling, whether the path of the project was encoded or not', () => {
    const encoded = addressOf('/api/v4/projects/a%2fb/packages/npm/x');
    const plain = addressOf('/api/v4/projects/a/b/packages/npm/x');
    expect(encoded?.prefix).toBe('/api/v4/projects/a%2Fb/packages/npm');
    expect(plain?.prefix).toBe(encoded?.prefix);
  });

  test('is that of the first of several mounts at one level', () => {
    const singular = addressOf('/api/v4/group/a/b/-/packages/composer/packages.json');
    expect(singular?.prefix).toBe('/api/v4/groups/a%2Fb/-/packages/composer');
    const tokens = addressOf('/jwt/auth');
    expect(tokens?.prefix).toBe('/jwt/auth');
  });

  test('is made from a mount and an owner', () => {
    const npm = mountsOf('npm');
    expect(prefixOf(npm, 'project', 'a/b')).toBe('/api/v4/projects/a%2Fb/packages/npm');
    expect(prefixOf(npm, 'group', 5)).toBe('/api/v4/groups/5/-/packages/npm');
    expect(prefixOf(npm, 'instance', '')).toBe('/api/v4/packages/npm');
    expect(prefixOf(images, 'instance', '')).toBe('/v2');
    expect(() => prefixOf(images, 'group', 'a')).toThrow('not served at group level');
  });

  test('keeps an owner with special characters in one segment', () => {
    expect(addressOf('/api/v4/projects/a%2F..%3Fx%23/packages/npm/x')?.prefix).toBe(
      '/api/v4/projects/a%2F..%3Fx%23/packages/npm',
    );
  });
});

describe('mounts', () => {
  const one = (path: string, level: Mount['level'] = 'instance') => ({ id: path, mounts: [{ level, path }] });
  test.each<[string, ReturnType<typeof one>[]]>([
    ['two formats are served at /x', [one('/x'), one('/x')]],
    ['is not the path of a mount', [one('/x/')]],
    ['is not the path of a mount', [one('x')]],
    ['is not the path of a mount', [one('/')]],
    ['is not the path of a mount', [one('/a{owner}', 'project')]],
    ['is not the path of a mount', [one('/{owner}/x/{owner}', 'project')]],
    ['the owner of /x is unclear', [one('/x', 'project')]],
    ['the owner of /{owner}/x is unclear', [one('/{owner}/x', 'instance')]],
  ])('are rejected at startup if they are invalid: %s', (message, invalid) => {
    expect(() => addressReader(invalid)).toThrow(message);
  });
});

describe('a path', () => {
  test('is decoded once, not twice', () => {
    expect(addressOf('/api/v4/projects/a%252Fb/packages/npm/x')?.owner).toBe('a%2Fb');
    expect(decodeOnce('%25')).toBe('%');
    expect(decodeOnce('%')).toBeUndefined();
  });

  test('ends before the query string of its URL', () => {
    expect(pathOf('http://h/a%2Fb?c=/d')).toBe('/a%2Fb');
    expect(pathOf('http://h')).toBe('/');
    expect(pathOf('http://h:1/x//y')).toBe('/x//y');
  });
});
