import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { FormatRules } from '../../../services/domain/format-rules.ts';
import { namedFile } from '../../../services/formats/pypi/file-names.ts';
import { stageBytes } from '../../../services/registry/blobs/stage-blob.ts';
import { addFiles } from '../../../services/registry/packages/add-files.ts';
import { named } from '../../kit/names.ts';
import { type PypiApp, startPypi } from '../../kit/pypi-registry.ts';
import { sdist, wheel } from '../../kit/python-package.ts';

let pypi: PypiApp;
beforeEach(async () => {
  pypi = await startPypi();
});

const TYPE = 'application/octet-stream';
const actor = { kind: 'user', id: 1, name: 'root' } as const;
const metadata = {
  ...{ displayName: 'sample', metadataVersion: '2.1', summary: '', requiresPython: '', keywords: '' },
  ...{ author: '', license: '', homePage: '', descriptionType: '', projectUrls: [], classifiers: [] },
  ...{ requiresDist: [], extras: [], publisher: 'root' },
};

async function rules(): Promise<FormatRules> {
  const format = (await pypi.registry.formats()).find(({ id }) => id === 'pypi');
  if (!format) throw new Error('the format is missing');
  return format;
}

const pathOf = (url: string) => new URL(url).pathname;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function expectOne(version: string, files: readonly string[]): Promise<void> {
  const page = await pypi.page();
  expect(page.versions).toEqual([version]);
  expect(page.files.map(({ filename }) => filename)).toEqual(files);
  for (const { url, hashes } of page.files) {
    const download = await pypi.send('GET', pathOf(url));
    expect([url, download.status, sha256(new Uint8Array(await download.arrayBuffer()))]).toEqual([
      url,
      200,
      hashes.sha256,
    ]);
  }
  for (const query of [
    '',
    `?package_version=${version}`,
    `?package_name=sample&package_version=${version}`,
  ]) {
    const list = await pypi.send('GET', `/api/v4/projects/${pypi.tools.id}/packages${query}`);
    expect(await list.json()).toEqual([expect.objectContaining({ version })]);
  }
}

test('equal versions are one version in the first spelling, whose files can all be downloaded', async () => {
  expect((await pypi.upload(await sdist({ version: '1.0.0' }))).status).toBe(201);
  expect((await pypi.upload(wheel({ version: '1.0' }))).status).toBe(201);
  expect((await pypi.upload(wheel({ version: '1', tag: 'py2-none-any' }))).status).toBe(201);
  await expectOne('1.0.0', [
    'sample-1-py2-none-any.whl',
    'sample-1.0-py3-none-any.whl',
    'sample-1.0.0.tar.gz',
  ]);
  const [file] = (await pypi.page()).files;
  expect((await pypi.send('GET', `${pathOf(file?.url ?? '')}.metadata`)).status).toBe(200);
  expect((await pypi.send('PUT', `${pypi.base}/yank/sample/1.0`)).status).toBe(204);
  expect((await pypi.page()).files.map(({ yanked }) => yanked)).toEqual([true, true, true]);
});

test('the version may be spelled differently in file name, archive and form', async () => {
  const built = wheel({ version: '1.0.0', fileName: 'sample-1.0-py3-none-any.whl' });
  expect((await pypi.upload(built, { version: '1' })).status).toBe(201);
  const source = await sdist({ version: '1.0.0', fileName: 'sample-1.tar.gz' });
  expect((await pypi.upload(source, { version: '1.0.0' })).status).toBe(201);
  await expectOne('1.0', ['sample-1.0-py3-none-any.whl', 'sample-1.tar.gz']);
});

test('versions may be implicit post releases', async () => {
  const built = await sdist({ version: '1.0-1', fileName: 'sample-1.0-1.tar.gz' });
  expect((await pypi.upload(built, { name: 'sample', version: '1.0-1' })).status).toBe(201);
  await expectOne('1.0.post1', ['sample-1.0-1.tar.gz']);
});

test('first uploads of equal versions at the same time make one version', async () => {
  const versions = ['1', '1.0', '1.0.0', '1.0.0.0'];
  const built = versions.map((version, index) => wheel({ version, tag: `cp31${index}-none-any` }));
  const answers = await Promise.all(built.map((each) => pypi.upload(each)));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  const [first = ''] = (await pypi.page()).versions;
  expect(versions).toContain(first);
  await expectOne(first, built.map(({ fileName }) => fileName).sort());
});

test('files of equal versions with the same tags are the same file to installers', async () => {
  expect((await pypi.upload(wheel({ version: '1.0.0' }))).status).toBe(201);
  for (const version of ['1', '1.0', '1.0.0.0']) {
    const answer = await pypi.upload(wheel({ version, description: 'other' }));
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('sample-1.0.0-py3-none-any.whl already exists, with other content'),
    ]);
  }
  await expectOne('1.0.0', ['sample-1.0.0-py3-none-any.whl']);
});

test('a page of many versions shows changes of versions that are spelled with fewer numbers', async () => {
  const { registry, tools } = pypi;
  const format = await rules();
  const publish = async (major: number) => {
    const { bytes, fileName } = wheel({ version: `${major}.0` });
    await addFiles(registry, {
      ...{ project: tools, actor, format, name: named.package('sample'), metadata },
      ...{ version: named.version(`${major}.0.0`), spelledVersion: named.version(`${major}.0`) },
      files: [
        { ...namedFile(named.file(fileName)), contentType: TYPE, blob: await stageBytes(registry, bytes) },
      ],
    });
  };
  for (let major = 1; major <= 220; major++) await publish(major);
  expect((await pypi.page()).versions).toHaveLength(220);
  expect((await pypi.upload(wheel({ version: '999.0' }))).status).toBe(201);
  expect((await pypi.send('PUT', `${pypi.base}/yank/sample/6.0`)).status).toBe(204);
  const page = await pypi.page();
  expect(page.versions.slice(-2)).toEqual(['220.0', '999.0']);
  expect(page.files.filter(({ yanked }) => yanked).map(({ filename }) => filename)).toEqual([
    'sample-6.0-py3-none-any.whl',
  ]);
});

test('a version stored under its own spelling is still found, yanked and added to', async () => {
  const { registry, tools } = pypi;
  const format = await rules();
  const { bytes, fileName } = wheel({ version: '1.0' });
  const source = await sdist({ version: '1.0', fileName: 'Sample-1.0.tar.gz' });
  await addFiles(registry, {
    ...{ project: tools, actor, format, name: named.package('sample'), metadata },
    version: named.version('1.0'),
    files: [
      {
        fileName: named.file(fileName),
        contentType: TYPE,
        blob: await stageBytes(registry, bytes),
      },
      {
        fileName: named.file(source.fileName),
        identity: named.identity('sample-1.0.tar.gz'),
        contentType: TYPE,
        blob: await stageBytes(registry, source.bytes),
      },
    ],
  });
  await expectOne('1.0', ['Sample-1.0.tar.gz', fileName]);
  // The same bytes again, and other bytes of the same file.
  expect((await pypi.upload(source, { name: 'sample' })).status).toBe(201);
  const other = await sdist({ version: '1.0', description: 'other' });
  expect((await pypi.upload(other)).status).toBe(400);
  const added = wheel({ version: '1.0', tag: 'py2-none-any' });
  expect((await pypi.upload(added)).status).toBe(201);
  await expectOne('1.0', ['Sample-1.0.tar.gz', added.fileName, fileName]);
  expect((await pypi.send('PUT', `${pypi.base}/yank/sample/1.0`)).status).toBe(204);
  expect((await pypi.page()).files.map(({ yanked }) => yanked)).toEqual([true, true, true]);
});
