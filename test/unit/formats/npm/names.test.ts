import { describe, expect, test } from 'vitest';
import {
  canonicalPath,
  checkNewName,
  distTag,
  packageName,
  packageVersion,
  tarballName,
  versionOfTarball,
} from '../../../../services/formats/npm/names.ts';
import { named } from '../../../kit/names.ts';

describe('package names', () => {
  test.each([
    'some-package',
    'example.com',
    'under_score',
    '123numeric',
    'crazy-but-ok',
    '@npm/thingy',
    '@a.b/c_d',
    'x',
    'punycode',
    'events',
    'http',
    'JSONStream',
    'CAPITAL-LETTERS',
    'crazy!',
    '@npm-zors/money!time.js',
    "it's~(*)",
  ])('can be published: %s', (name) => {
    expect(() => checkNewName(name)).not.toThrow();
    expect(packageName(name)).toBe(name);
  });

  test('can be read but not published if they are longer than 214 characters', () => {
    const name = 'x'.repeat(215);
    expect(() => checkNewName(name)).toThrow('it is longer than 214 characters');
    expect(packageName(name)).toBe(name);
  });

  test.each([
    '',
    '.start-with-period',
    '_start-with-underscore',
    '-start-with-hyphen',
    ' leading-space:and:weirdchars',
    'contain:colons',
    's/l/a/s/h/e/s',
    'node_modules',
    'favicon.ico',
    '@npm/.leading',
    '@/name',
    '@scope/',
    '@scope',
    '@scope/a/b',
    'a/b',
    'a%2fb',
    '../etc',
    'größe',
    'a b',
    'nul\0',
  ])('are rejected: %j', (name) => {
    expect(() => checkNewName(name)).toThrow('is not allowed');
    expect(() => packageName(name)).toThrow('Package Not Found');
  });
});

test.each([
  ['1.0.0', '1.0.0'],
  ['v1.0.0', '1.0.0'],
  ['1.0.0-beta.1', '1.0.0-beta.1'],
  ['1.0.0+build.5', '1.0.0'],
  [' 1.0.0 ', '1.0.0'],
])('the version %j is normalized to %s', (text, version) => {
  expect(packageVersion(text)).toBe(version);
});

test.each(['', '1', '1.0', 'latest', '01.0.0', '1.0.0-', '1.0.0/..'])('%j is not a version', (text) => {
  expect(() => packageVersion(text)).toThrow('is not a valid version');
});

test.each(['latest', 'next', 'v-next', 'release-1.x', 'a_b~c'])('%s can be a tag', (tag) => {
  expect(distTag(tag)).toBe(tag);
});

test.each([
  '',
  '1.0.0',
  'v1',
  '1.x',
  '>1',
  'x',
  '*',
  'a b',
  'a/b',
  'a#b',
  'ä',
  '\ud800',
  'a\udc00',
  'x'.repeat(257),
])('%s cannot be a tag', (tag) => {
  expect(() => distTag(tag)).toThrow("can't be a tag");
});

test.each([
  ['tool', '1.0.0', 'tool-1.0.0.tgz'],
  ['@acme/tool', '1.0.0-beta.1', 'tool-1.0.0-beta.1.tgz'],
])('the tarball of %s %s is %s', (name, version, file) => {
  expect(tarballName(named.package(name), named.version(version))).toBe(file);
  expect(versionOfTarball(name, file)).toBe(version);
});

test.each([
  'tool-1.0.tgz',
  'tool-1.0.0.zip',
  'other-1.0.0.tgz',
  'tool-.tgz',
  'tool-1.0.0.tgz.tgz',
  'tool.tgz',
  '',
])('%j is not a tarball of the package', (file) => {
  expect(versionOfTarball('@acme/tool', file)).toBeUndefined();
});

describe('paths', () => {
  test.each([
    ['/tool', '/tool'],
    ['/@acme%2ftool', '/@acme%2Ftool'],
    ['/@acme%2Ftool', '/@acme%2Ftool'],
    ['/@acme/tool', '/@acme%2Ftool'],
    ['/%40acme%2ftool', '/@acme%2Ftool'],
    ['/@acme/tool/1.0.0', '/@acme%2Ftool/1.0.0'],
    ['/@acme/tool/-/tool-1.0.0.tgz', '/@acme%2Ftool/-/tool-1.0.0.tgz'],
    ['/@acme%2ftool/-/tool-1.0.0.tgz', '/@acme%2Ftool/-/tool-1.0.0.tgz'],
    ['/@acme/tool/-/@acme/tool-1.0.0.tgz', '/@acme%2Ftool/-/tool-1.0.0.tgz'],
    ['/@acme%2ftool/-/@acme%2ftool-1.0.0.tgz', '/@acme%2Ftool/-/tool-1.0.0.tgz'],
    ['/@acme/tool/-/%40acme%2Ftool-1.0.0.tgz/-rev/1-1', '/@acme%2Ftool/-/tool-1.0.0.tgz/-rev/1-1'],
    ['/@acme/tool/-/@other/tool-1.0.0.tgz', '/@acme%2Ftool/-/@other/tool-1.0.0.tgz'],
    ['/@acme/tool/-rev/12-1', '/@acme%2Ftool/-rev/12-1'],
    ['/-/package/@acme/tool/dist-tags/next', '/-/package/@acme%2Ftool/dist-tags/next'],
    ['/-/package/@acme%2ftool/dist-tags', '/-/package/@acme%2Ftool/dist-tags'],
    ['/-/package/tool/dist-tags', '/-/package/tool/dist-tags'],
    ['/-/npm/v1/attestations/@acme%2ftool@1.0.0', '/-/npm/v1/attestations/@acme%2Ftool@1.0.0'],
    ['/-/v1/search', '/-/v1/search'],
    ['/@acme', '/@acme'],
    ['/@acme/', '/@acme/'],
    ['/api/v4/projects/1/packages/npm/@s/n/-/n-1.0.0.tgz/-rev/1', '/@s%2Fn/-/n-1.0.0.tgz/-rev/1'],
    ['/api/v4/projects/a%2Fb/packages/npm/n/-/n-1.0.0.tgz/-rev/1', '/n/-/n-1.0.0.tgz/-rev/1'],
    ['/registry/api/v4/packages/npm/n/-/n-1.0.0.tgz/-rev/1', '/n/-/n-1.0.0.tgz/-rev/1'],
    ['/api/v4/projects/1/packages/npm/n', '/api/v4/projects/1/packages/npm/n'],
  ])('have one canonical form: %s becomes %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
  });
});
