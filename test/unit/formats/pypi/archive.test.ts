import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { distributionOf } from '../../../../services/formats/pypi/file-names.ts';
import {
  limits,
  readTarSdist,
  readWheel,
  readZipSdist,
} from '../../../../services/formats/pypi/publish/archive.ts';
import type { RandomAccess } from '../../../../services/shared/archive/zip-entries.ts';
import { tarOf } from '../../../kit/npm-package.ts';
import { bytesOf } from '../../../kit/publish.ts';
import { metadataOf, sdist, wheel } from '../../../kit/python-package.ts';
import { zip } from '../../../kit/zip.ts';

function access(bytes: Uint8Array): RandomAccess {
  return { size: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) };
}

const sample = distributionOf('sample-1.0.0-py3-none-any.whl');
const info = 'sample-1.0.0.dist-info';
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('a wheel', () => {
  test('is read for its metadata', async () => {
    const { bytes, metadata } = wheel({ description: 'größer' });
    const found = await readWheel(access(bytes), sample);
    expect([found.path, text(found.bytes)]).toEqual([`${info}/METADATA`, metadata]);
  });

  test('can have another spelling of its name in the .dist-info directory', async () => {
    const { bytes } = wheel({
      name: 'My.Pkg',
      version: '1.0',
      files: {
        'my_pkg-1.0.dist-info/METADATA': undefined,
        'my_pkg-1.0.dist-info/WHEEL': undefined,
        'my_pkg-1.0.dist-info/RECORD': undefined,
        'My.Pkg-1.0.dist-info/METADATA': metadataOf({ name: 'My.Pkg', version: '1.0' }),
        'My.Pkg-1.0.dist-info/WHEEL': '',
        'My.Pkg-1.0.dist-info/RECORD': '',
        'vendored/other-2.0.dist-info/METADATA': 'of something else',
      },
    });
    const found = await readWheel(access(bytes), distributionOf('my_pkg-1.0-py3-none-any.whl'));
    expect(found.path).toBe('My.Pkg-1.0.dist-info/METADATA');
  });

  test.each<[string, Parameters<typeof wheel>[0]]>([
    ['has no sample-1.0.0.dist-info/METADATA', { files: { [`${info}/METADATA`]: undefined } }],
    ['has no sample-1.0.0.dist-info/WHEEL', { files: { [`${info}/WHEEL`]: undefined } }],
    ['has no sample-1.0.0.dist-info/RECORD', { files: { [`${info}/RECORD`]: undefined } }],
    ['has two .dist-info directories', { files: { 'other-1.0.dist-info/METADATA': 'Name: other' } }],
    ['has two .dist-info directories', { files: { 'SAMPLE-1.0.0.dist-info/METADATA': 'Name: other' } }],
    ['does not match sample 1.0.0', { name: 'other' }],
    ['does not match sample 1.0.0', { version: '1.0.1' }],
    ['more than 4194304 bytes', { description: 'x'.repeat(5_000_000) }],
    ["can't be read", { files: { '../evil.py': 'x' } }],
  ])('is refused: %s', async (message, options) => {
    await expect(readWheel(access(wheel(options).bytes), sample)).rejects.toThrow(message);
  });

  test('is refused if it contains its metadata twice', async () => {
    const file = (name: string) => ({ path: `${info}/${name}`, content: metadataOf({}) });
    const bytes = zip([file('METADATA'), file('WHEEL'), file('RECORD'), file('METADATA')]);
    await expect(readWheel(access(bytes), sample)).rejects.toThrow('METADATA twice');
  });

  test.each([
    ['an empty file', new Uint8Array()],
    ['random bytes', randomBytes(10_000)],
    ['a tar archive', gzipSync('x'.repeat(1000))],
    ['a truncated zip', wheel().bytes.subarray(0, 500)],
    ['a zip without a .dist-info directory', zip([{ path: 'a.py', content: '' }])],
  ])('is refused: %s', async (_, bytes) => {
    await expect(readWheel(access(bytes), sample)).rejects.toMatchObject({ code: 'invalidPackage' });
  });
});

describe('a source distribution', () => {
  test('is read for its metadata, as a tar and as a zip archive', async () => {
    const { bytes, metadata } = await sdist();
    expect(text((await readTarSdist(bytesOf(bytes))).bytes)).toBe(metadata);
    const zipped = zip([
      { path: 'sample-1.0.0/setup.py', content: '' },
      { path: 'sample-1.0.0/PKG-INFO', content: metadata },
      { path: 'sample-1.0.0/src/sample.egg-info/PKG-INFO', content: 'another' },
    ]);
    expect(text((await readZipSdist(access(zipped))).bytes)).toBe(metadata);
  });

  test('can have an egg-info directory with another PKG-INFO, and paths that start with ./', async () => {
    const entries = ['./sample-1.0.0/PKG-INFO', 'sample-1.0.0/sample.egg-info/PKG-INFO'] as const;
    const tar = await tarOf(entries.map((name) => [{ name }, `of ${name}`] as const));
    expect(text((await readTarSdist(bytesOf(gzipSync(tar)))).bytes)).toBe('of ./sample-1.0.0/PKG-INFO');
  });

  test.each<[string, Parameters<typeof sdist>[0]]>([
    ['has no PKG-INFO in its top directory', { files: { 'sample-1.0.0/PKG-INFO': undefined } }],
    [
      'has no PKG-INFO in its top directory',
      { files: { 'sample-1.0.0/PKG-INFO': undefined, 'PKG-INFO': 'x' } },
    ],
    ['must have exactly one <directory>/PKG-INFO', { files: { 'other/PKG-INFO': 'x' } }],
    ['leads out of it', { files: { '../evil': 'x' } }],
    ['more than 4194304 bytes', { description: 'x'.repeat(5_000_000) }],
  ])('is refused: %s', async (message, options) => {
    await expect(readTarSdist(bytesOf((await sdist(options)).bytes))).rejects.toThrow(message);
  });

  test('is refused as a zip archive with two PKG-INFO files or none', async () => {
    const twice = zip(['a', 'b'].map((top) => ({ path: `${top}/PKG-INFO`, content: 'x' })));
    await expect(readZipSdist(access(twice))).rejects.toThrow('must have exactly one');
    await expect(readZipSdist(access(zip([{ path: 'a', content: '' }])))).rejects.toThrow('no PKG-INFO');
  });

  test('is refused if its PKG-INFO is a link', async () => {
    const header = { name: 'sample-1.0.0/PKG-INFO', type: 'symlink', linkname: '/etc/passwd' } as const;
    const tar = gzipSync(await tarOf([[header, '']]));
    await expect(readTarSdist(bytesOf(tar))).rejects.toThrow('must have exactly one');
  });

  test('is refused if it is a bomb, has too many entries, or is not an archive', async () => {
    const bomb = gzipSync(await tarOf([[{ name: 'a/b' }, new Uint8Array(80_000_000)]]), { level: 9 });
    await expect(readTarSdist(bytesOf(bomb))).rejects.toThrow('times its size');
    const { bytes } = await sdist();
    await expect(readTarSdist(bytesOf(bytes), { ...limits, entries: 2 })).rejects.toThrow(
      'more than 2 entries',
    );
    for (const invalid of [new Uint8Array(), randomBytes(1000), bytes.subarray(0, 100), gzipSync('no tar')]) {
      await expect(readTarSdist(bytesOf(invalid))).rejects.toMatchObject({ code: 'invalidPackage' });
    }
  });
});
