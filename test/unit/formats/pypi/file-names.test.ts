import { describe, expect, test } from 'vitest';
import {
  distributionOf,
  namedFile,
  readFileName,
  wholeOf,
} from '../../../../services/formats/pypi/file-names.ts';
import { normalizedName, projectName } from '../../../../services/formats/pypi/names.ts';
import { named } from '../../../kit/names.ts';

describe('the name of a project', () => {
  test.each([
    ['requests', 'requests'],
    ['Django', 'django'],
    ['ruamel.yaml', 'ruamel-yaml'],
    ['a-_.b', 'a-b'],
    ['A', 'a'],
    ['7zip', '7zip'],
    ['zope.interface__x', 'zope-interface-x'],
  ])('is normalized from %s to %s', (name, normal) => {
    expect(normalizedName(name)).toBe(normal);
    expect(projectName(name)).toBe(normal);
  });

  test.each(['', '-a', 'a-', '.', '..', 'a b', 'ä', 'a/b', 'a\n', 'ſ', 'x'.repeat(201)])(
    'is refused: %j',
    (name) => {
      expect(normalizedName(name)).toBeUndefined();
      expect(() => projectName(name)).toThrow('is not a valid project name');
    },
  );
});

describe('the name of a file', () => {
  test.each([
    ['a-1.0-py3-none-any.whl', 'wheel', 'a', '1.0'],
    ['My.Pkg-1.0.0-1-cp311-cp311-win_amd64.whl', 'wheel', 'my-pkg', '1.0.0'],
    ['a-1.0-2b-py2.py3-none-any.whl', 'wheel', 'a', '1.0'],
    ['a-1.0+ubuntu_1-py3-none-any.whl', 'wheel', 'a', '1.0+ubuntu.1'],
    ['a-1!2.0-py3-none-any.whl', 'wheel', 'a', '1!2.0'],
    ['a-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', 'wheel', 'a', '1.0'],
    ['my_pkg-1.0.tar.gz', 'sdist', 'my-pkg', '1.0'],
    ['python-dateutil-2.9.0.post0.tar.gz', 'sdist', 'python-dateutil', '2.9.0.post0'],
    ['numpy-1.21.0.zip', 'sdist', 'numpy', '1.21.0'],
    ['a-1.0.RC1.tar.gz', 'sdist', 'a', '1.0rc1'],
    ['a-1.0-1.tar.gz', 'sdist', 'a', '1.0.post1'],
    ['a-1.0_1-py3-none-any.whl', 'wheel', 'a', '1.0.post1'],
    ['foo-2-1.tar.gz', 'sdist', 'foo-2', '1'],
  ])('is parsed: %s', (fileName, kind, name, version) => {
    expect(readFileName(fileName)).toMatchObject({ fileName, kind, name, version });
  });

  test.each([
    '',
    'a.tar.gz',
    'a-1.0.tar.bz2',
    'a-1.0.egg',
    'a-1.0.exe',
    'a-1.0.TAR.GZ',
    '-1.0.tar.gz',
    'a-.tar.gz',
    'a-latest.tar.gz',
    'a-1.0.whl',
    'a-1.0-py3-none.whl',
    'a-1.0-x-py3-none-any.whl',
    'a-1.0-1-2-py3-none-any.whl',
    'a__b-1.0-py3-none-any.whl',
    'a-1.0-py3-none-any..whl',
    '../a-1.0.tar.gz',
    'dir/a-1.0.tar.gz',
    'dir\\a-1.0.tar.gz',
    'a-1.0\u0000.tar.gz',
    'a-1.0%2e.tar.gz',
    'ä-1.0.tar.gz',
    '.a-1.0.tar.gz',
    'a-1.0.tar.gz.asc',
    `${'x'.repeat(250)}-1.0.tar.gz`,
  ])('is refused: %j', (fileName) => {
    expect(readFileName(fileName)).toBeUndefined();
    expect(() => distributionOf(fileName)).toThrow('is not the file name of a distribution');
  });

  test.each([
    ['Foo_Bar-1.0.tar.gz', 'foo-bar-1.0.tar.gz', true],
    ['foo-1.0rc1.tar.gz', 'foo-1.0.RC1.tar.gz', true],
    ['foo-1.0.zip', 'foo-1.0.tar.gz', false],
    ['foo-1.0-py2.py3-none-any.whl', 'Foo-1.0-py3.py2-none-any.whl', true],
    ['foo-1.0-py3-none-any.whl', 'foo-1.0-1-py3-none-any.whl', false],
    ['foo-1.0-py3-none-any.whl', 'foo-1.0-py3-none-win32.whl', false],
    ['foo-1.0-py3-none-any.whl', 'foo-1.0.tar.gz', false],
  ])('has an identity: %s and %s are one file: %s', (a, b, same) => {
    expect(distributionOf(a).identity === distributionOf(b).identity).toBe(same);
  });

  test.each([
    ['a-1.0.tar.gz', 'a-1.0.tar.gz'],
    ['a-1.0.tar.gz.asc', 'a-1.0.tar.gz'],
    ['a-1.0-py3-none-any.whl.metadata', 'a-1.0-py3-none-any.whl'],
    ['a-1.0.zip.provenance', 'a-1.0.zip'],
  ])('contains the name of its distribution: %s belongs to %s', (fileName, distribution) => {
    expect(wholeOf(fileName)).toBe(distribution);
  });
});

describe('a file of a version', () => {
  const identityOf = (fileName: string) => namedFile(named.file(fileName)).identity;

  test('has the identity of its distribution, with the ending of a companion file added', () => {
    expect(identityOf('Foo.Bar-1.0-py3-none-any.whl')).toBe('foo_bar-1.0.0-py3-none-any.whl');
    expect(identityOf('Foo.Bar-1.0-py3-none-any.whl.metadata')).toBe(
      'foo_bar-1.0.0-py3-none-any.whl.metadata',
    );
    expect(identityOf('foo_bar-1.0.tar.gz.asc')).toBe('foo_bar-1.0.0.tar.gz.asc');
    expect(namedFile(named.file('something else'))).toEqual({ fileName: 'something else' });
  });

  test('never has the identity of another distribution or of its companion file', () => {
    const tagged = identityOf('foo-1.0-py3-none-any.metadata.whl');
    expect(tagged).not.toBe(identityOf('foo-1.0-py3-none-any.whl.metadata'));
    expect(identityOf('foo-1.0.zip')).not.toBe(identityOf('foo-1.0.tar.gz'));
    expect(identityOf('foo-1.0-py3-none-any.whl')).not.toBe(identityOf('foo-1.0.post1-py3-none-any.whl'));
  });
});
