import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { PackageFile } from '../../../../services/domain/packages.ts';
import { stageBytes } from '../../../../services/registry/blobs/stage-blob.ts';
import { addFiles } from '../../../../services/registry/packages/add-files.ts';
import { type BlobRecord, entityOf } from '../../../../services/registry/records/entities.ts';
import { keys, ranges } from '../../../../services/registry/records/keys.ts';
import { queryAll } from '../../../../services/registry/records/query-all.ts';
import { removeFile } from '../../../../services/registry/removal/remove-file.ts';
import { named } from '../../../kit/names.ts';
import { replacing, sha256Of } from '../../../kit/publish.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
let project: Project;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
});

const actor = { kind: 'user', id: 1, name: 'root' } as const;
const target = { format: 'generic', name: named.package('a'), version: named.version('1') };

async function add(files: Readonly<Record<string, { content: string; partOf?: string }>>) {
  const staged = Object.entries(files).map(async ([fileName, { content, partOf }]) => ({
    fileName: named.file(fileName),
    contentType: 'text/plain',
    blob: await stageBytes(app.registry, Buffer.from(content)),
    ...(partOf && { partOf: named.file(partOf) }),
  }));
  const { name, version } = target;
  const input = {
    project,
    actor,
    format: replacing,
    name: named.package(name),
    version: named.version(version),
    metadata: {},
  };
  return addFiles(app.registry, { ...input, files: await Promise.all(staged) });
}

async function filesLeft(): Promise<PackageFile[]> {
  const items = await queryAll(
    app.registry.table,
    ranges.filesOf({ projectId: project.id, ...target }, named.version('1')),
  );
  return items.map((item) => entityOf<PackageFile>(item));
}

async function remove(fileName: string): Promise<void> {
  const file = (await filesLeft()).findLast((each) => each.fileName === fileName);
  await removeFile(app.registry, { project, actor, ...target, fileId: file?.id ?? 0 });
}

async function refsOf(content: string): Promise<number | undefined> {
  const item = await app.registry.table.get(keys.blob(sha256Of(content)));
  return item && entityOf<BlobRecord>(item).refs;
}

describe('deleting a file', () => {
  test('removes its parts too, and nothing else', async () => {
    await add({
      'a.whl': { content: 'a' },
      'a.whl.asc': { content: 'signature', partOf: 'a.whl' },
      'a.whl.metadata': { content: 'shared', partOf: 'a.whl' },
      'b.whl': { content: 'b' },
      'b.whl.metadata': { content: 'shared', partOf: 'b.whl' },
    });
    await remove('a.whl');
    expect((await filesLeft()).map(({ fileName }) => fileName)).toEqual(['b.whl', 'b.whl.metadata']);
    expect([await refsOf('a'), await refsOf('signature'), await refsOf('shared')]).toEqual([0, 0, 1]);
  });

  test('keeps its parts if an older file of the same name takes its place', async () => {
    await add({ 'a.bin': { content: 'old' }, 'a.bin.asc': { content: 'signature', partOf: 'a.bin' } });
    await add({ 'a.bin': { content: 'new' } });
    const [newest] = (await filesLeft()).filter(({ digests }) => digests.sha256 === sha256Of('new'));
    await removeFile(app.registry, { project, actor, ...target, fileId: newest?.id ?? 0 });
    expect((await filesLeft()).map(({ fileName }) => fileName)).toEqual(['a.bin', 'a.bin.asc']);
    await remove('a.bin');
    expect(await filesLeft()).toEqual([]);
  });

  test('by its name removes the current one, and only one of two concurrent requests succeeds', async () => {
    for (const content of ['oldest', 'older', 'newest']) await add({ 'a.bin': { content } });
    const request = () =>
      removeFile(app.registry, { project, actor, ...target, fileName: named.file('a.bin') });
    const outcomes = await Promise.allSettled([request(), request()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const left = (await filesLeft()).map(({ digests }) => digests.sha256);
    expect(left.sort()).toEqual([sha256Of('oldest'), sha256Of('older')].sort());
    await request();
    await request();
    await expect(request()).rejects.toThrow('File Not Found');
    expect(await filesLeft()).toEqual([]);
  });

  test('is impossible for a part, which is not listed as a file of the package', async () => {
    const { version } = await add({
      'a.bin': { content: 'a' },
      'a.bin.asc': { content: 's', partOf: 'a.bin' },
    });
    const part = (await filesLeft()).find(({ partOf }) => partOf);
    const files = `/api/v4/projects/${project.id}/packages/${version.id}/package_files`;
    const list = await app.send('GET', files, { token: app.rootToken });
    expect(await list.json()).toMatchObject([{ file_name: 'a.bin' }]);
    const answer = await app.send('DELETE', `${files}/${part?.id}`, { token: app.rootToken });
    expect(answer.status).toBe(404);
    expect(await filesLeft()).toHaveLength(2);
  });
});
