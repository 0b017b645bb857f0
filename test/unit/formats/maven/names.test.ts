import { describe, expect, test } from 'vitest';
import {
  addressOf,
  contentTypeOf,
  filePartsOf,
  publishAddress,
} from '../../../../services/formats/maven/names.ts';

describe('a path of the repository', () => {
  const none = { checksum: undefined };
  test.each<[path: string, address: object]>([
    [
      '/com/example/app/1.0/app-1.0.jar',
      { kind: 'file', name: 'com/example/app', version: '1.0', fileName: 'app-1.0.jar', ...none },
    ],
    [
      '/junit/junit/4.12/junit-4.12.pom.sha256',
      { kind: 'file', name: 'junit/junit', version: '4.12', fileName: 'junit-4.12.pom', checksum: 'sha256' },
    ],
    [
      '/org/scala/cats_2.13/2.0+build~1/cats_2.13-2.0+build~1.jar',
      {
        kind: 'file',
        name: 'org/scala/cats_2.13',
        version: '2.0+build~1',
        fileName: 'cats_2.13-2.0+build~1.jar',
        ...none,
      },
    ],
    [
      '/g/a/1/a-1.jar.asc.md5',
      { kind: 'file', name: 'g/a', version: '1', fileName: 'a-1.jar.asc', checksum: 'md5' },
    ],
    [
      '/g/a/1/a-1.jar.sha1.asc',
      { kind: 'file', name: 'g/a', version: '1', fileName: 'a-1.jar.sha1.asc', ...none },
    ],
    ['/com/example/maven-metadata.xml', { kind: 'metadata', name: 'com/example', ...none }],
    ['/junit/maven-metadata.xml.sha512', { kind: 'metadata', name: 'junit', checksum: 'sha512' }],
    ['/g/a/1.0/maven-metadata.xml', { kind: 'metadata', name: 'g/a/1.0', ...none }],
    [
      '/g/a/1.0-SNAPSHOT/maven-metadata.xml',
      { kind: 'snapshot-metadata', name: 'g/a', version: '1.0-SNAPSHOT', ...none },
    ],
    [
      '/g/a/1.0-SNAPSHOT/maven-metadata.xml.sha1',
      { kind: 'snapshot-metadata', name: 'g/a', version: '1.0-SNAPSHOT', checksum: 'sha1' },
    ],
    [
      '/com/example/app/maven-metadata.xml.asc',
      { kind: 'metadata-companion', name: 'com/example/app', ...none },
    ],
    [
      '/g/a/1.0-SNAPSHOT/maven-metadata.xml.asc.sha1',
      { kind: 'metadata-companion', name: 'g/a/1.0-SNAPSHOT', checksum: 'sha1' },
    ],
    ['/g/1-SNAPSHOT/maven-metadata.xml', { kind: 'metadata', name: 'g/1-SNAPSHOT', ...none }],
  ])('is parsed: %s', (path, address) => {
    expect(addressOf(path)).toEqual(address);
    expect(publishAddress(path)).toEqual(address);
  });

  test.each([
    '/',
    '',
    '/maven-metadata.xml',
    '/maven-metadata.xml.asc',
    '/g/a/file.jar',
    '/archetype-catalog.xml',
    '/.meta/prefixes.txt',
    '/g//1/a-1.jar',
    '/g/../1/a-1.jar',
    '/./a/1/a-1.jar',
    '/g/a/.../a-1.jar',
    '/g/a/1/..',
    '/g/a/1/a b.jar',
    '/g/a/1/a%2f.jar',
    '/g/a/1/a\u0000.jar',
    '/g/a/1/a\\b.jar',
    '/g/\u00e4/1/a-1.jar',
    '/g/a\u0308/1/a-1.jar',
    `/g/a/1/${'x'.repeat(256)}`,
    `/g/a/${'1'.repeat(257)}/a.jar`,
    `/${'g/'.repeat(300)}a/1/a-1.jar`,
  ])('is rejected: %s', (path) => {
    expect(addressOf(path)).toBeUndefined();
    expect(() => publishAddress(path)).toThrow('The path does not fit the Maven repository layout');
  });
});

describe('the parts of a file name', () => {
  const parts = (version: string, file: string) => {
    const found = filePartsOf('my.app_2', version, file);
    return found && [found.classifier, found.extension, found.value, found.build];
  };

  test.each([
    ['my.app_2-1.0.jar', '', 'jar'],
    ['my.app_2-1.0.pom', '', 'pom'],
    ['my.app_2-1.0.module', '', 'module'],
    ['my.app_2-1.0-sources.jar', 'sources', 'jar'],
    ['my.app_2-1.0-bin.tar.gz', 'bin', 'tar.gz'],
    ['my.app_2-1.0.tar.bz2.asc', '', 'tar.bz2.asc'],
    ['my.app_2-1.0-sources.jar.asc', 'sources', 'jar.asc'],
    ['my.app_2-1.0.jar.sigstore.json', '', 'jar.sigstore.json'],
    ['my.app_2-1.0-linux-x86_64.so', 'linux-x86_64', 'so'],
    ['my.app_2-1.0-scala_2.12.jar', 'scala_2.12', 'jar'],
  ])('are read for a release: %s', (file, classifier, extension) => {
    expect(parts('1.0', file)).toEqual([classifier, extension, '1.0', undefined]);
  });

  const build = { timestamp: '20260131.120001', number: 12 };
  test.each([
    ['my.app_2-1.0-20260131.120001-12.jar', '', 'jar', '1.0-20260131.120001-12', build],
    ['my.app_2-1.0-20260131.120001-12-tests.tar.gz', 'tests', 'tar.gz', '1.0-20260131.120001-12', build],
    ['my.app_2-1.0-SNAPSHOT.jar', '', 'jar', '1.0-SNAPSHOT', undefined],
    ['my.app_2-1.0-SNAPSHOT-sources.jar', 'sources', 'jar', '1.0-SNAPSHOT', undefined],
  ])('are read for a snapshot: %s', (file, classifier, extension, value, found) => {
    expect(parts('1.0-SNAPSHOT', file)).toEqual([classifier, extension, value, found]);
  });

  test.each([
    ['1.0', 'other-1.0.jar'],
    ['1.0', 'my.app_2-1.01.jar'],
    ['1.0', 'my.app_2-1.0'],
    ['1.0', 'my.app_2-1.0sources.jar'],
    ['1.0', 'my.app_2-2.0.jar'],
    ['1.0-SNAPSHOT', 'my.app_2-1.0.jar'],
    ['1.0-SNAPSHOT', 'my.app_2-1.0-20260131-12.jar'],
    ['1.0-SNAPSHOT', 'my.app_2-1.0-20260131.120001-12x.jar'],
    ['1.0-SNAPSHOT', 'my.app_2-1.0-SNAPSHOTS.jar'],
  ])('are undefined if the name does not fit version %s: %s', (version, file) => {
    expect(parts(version, file)).toBeUndefined();
  });
});

test('content types depend on file names', () => {
  const types = ['a.jar', 'a.pom', 'a.module', 'a.jar.asc', 'a.tar.gz', 'a.zip', 'a.so'].map(contentTypeOf);
  expect(types).toEqual([
    'application/java-archive',
    'text/xml',
    'application/json',
    'text/plain',
    'application/gzip',
    'application/zip',
    'application/octet-stream',
  ]);
});
