import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { limits, readArchive } from '../../../../services/formats/npm/publish/archive.ts';
import { type TarballFiles, tarballOf, tarOf } from '../../../kit/npm-package.ts';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const read = async (files: TarballFiles, allowed = limits) =>
  readArchive(once(await tarballOf(files)), allowed);
const manifest = '{"name":"tool","version":"1.0.0"}';

describe('a tarball', () => {
  test('is read for its manifest, counts, readme, shrinkwrap and binding.gyp', async () => {
    const archive = await read({
      'package.json': `\ufeff${manifest}`,
      'index.js': '12345',
      README: 'plain',
      'README.md': '# Tool',
      'npm-shrinkwrap.json': '{}',
      'binding.gyp': '{}',
      'package/lib/package.json': 'not the one',
      'package/docs/README.md': 'nor this',
    });
    expect(archive).toEqual({
      manifest: { name: 'tool', version: '1.0.0' },
      fileCount: 8,
      unpackedSize: 36 + 5 + 5 + 6 + 2 + 2 + 11 + 8,
      hasShrinkwrap: true,
      hasGyp: true,
      readme: '# Tool',
    });
  });

  test('can have any name for its top directory, as tarballs of Git hosts do', async () => {
    expect((await read({ 'tool-main/package.json': manifest })).manifest).toMatchObject({ name: 'tool' });
    expect((await read({ 'tool//package.json': manifest })).manifest).toMatchObject({ name: 'tool' });
  });

  test('has a long readme truncated', async () => {
    const { readme } = await read({ 'package.json': manifest, 'readme.markdown': 'x'.repeat(100_000) });
    expect(readme.length).toBe(65_536);
  });
});

describe('an invalid tarball', () => {
  test.each<[string, TarballFiles]>([
    ['no package.json in its top directory', { 'index.js': '' }],
    ['no package.json in its top directory', { './package/package.json': manifest }],
    ['one package.json, in lower case', { 'package.json': manifest, 'other/package.json': manifest }],
    ['one package.json, in lower case', { 'package.json': manifest, 'package//package.json': manifest }],
    ['one package.json, in lower case', { 'package.json': manifest, 'package/Package.JSON': manifest }],
    ['package.json in the tarball is not valid JSON', { 'package.json': '{' }],
    ['package.json in the tarball is not an object', { 'package.json': '[]' }],
    ['package.json in the tarball is not an object', { 'package.json': 'null' }],
    ['package.json has 300002 bytes', { 'package.json': `"${'x'.repeat(300_000)}"` }],
    ['a path that leads out of it', { 'package.json': manifest, 'package/../../etc/passwd': '' }],
    ['a path that leads out of it', { 'package.json': manifest, 'package/..\\evil': '' }],
  ])('is rejected: %s', async (reason, files) => {
    await expect(read(files)).rejects.toThrow(reason);
  });

  test('is rejected if its package.json is a link', async () => {
    const tar = await tarOf([
      [{ name: 'package/package.json', type: 'symlink', linkname: '/etc/passwd' }, ''],
    ]);
    await expect(readArchive(once(gzipSync(tar)))).rejects.toThrow('no package.json');
  });

  test('is rejected if it exceeds a limit for unpacking', async () => {
    const files = { 'package.json': manifest, a: Buffer.alloc(5000), b: '' };
    await expect(read(files, { ...limits, entries: 2 })).rejects.toThrow(
      "The tarball can't be read: it has more than 2 entries",
    );
    await expect(read(files, { ...limits, unpacked: 4000 })).rejects.toThrow(
      'it unpacks to more than 4000 bytes',
    );
  });

  test('is rejected if it is not an archive', async () => {
    await expect(readArchive(once(Buffer.from('hello')))).rejects.toMatchObject({ code: 'invalidPackage' });
  });
});
