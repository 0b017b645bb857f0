import { expect, test } from 'vitest';
import { plainVersion, publishPlain } from '../../../../bench/packages/plain-versions.ts';
import type { PackageFile, PackageHead } from '../../../../services/domain/packages.ts';
import { stageBytes } from '../../../../services/registry/blobs/stage-blob.ts';
import type { Change } from '../../../../services/registry/documents/change-log.ts';
import { addFiles } from '../../../../services/registry/packages/add-files.ts';
import { changeStatuses } from '../../../../services/registry/packages/change-versions.ts';
import { deleteTag, moveTag } from '../../../../services/registry/packages/move-tag.ts';
import { entityOf } from '../../../../services/registry/records/entities.ts';
import { keys, ranges } from '../../../../services/registry/records/keys.ts';
import { queryAll } from '../../../../services/registry/records/query-all.ts';
import { removeFile } from '../../../../services/registry/removal/remove-file.ts';
import { removePackage } from '../../../../services/registry/removal/remove-package.ts';
import { removeVersion } from '../../../../services/registry/removal/remove-version.ts';
import { named } from '../../../kit/names.ts';
import { replacing } from '../../../kit/publish.ts';
import { rulesOf } from '../../../kit/rules.ts';
import { startApp } from '../../../kit/start-app.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

test('every revision is logged once, with the versions that it changed', async () => {
  const { registry, project: makeProject } = await startApp();
  const project = await makeProject('tools');
  const target = { project, actor, format: 'maven', name: named.package('com/example/sample') };
  const list = { ...target, name: named.package('com/example') };

  async function steps({ format, name }: typeof target) {
    const ref = { projectId: project.id, format, name };
    const items = await queryAll(registry.table, ranges.changes(ref));
    const head = await registry.table.get(keys.head(ref));
    expect(items).toHaveLength(head ? entityOf<PackageHead>(head).revision : 0);
    return items.map((item) => entityOf<Change>(item).versions);
  }

  let known: string[] = [];
  async function logged(work: Promise<unknown>): Promise<string[]> {
    await work;
    const now = (await steps(target)).map((versions) => versions.join());
    const fresh = now.filter((step) => known.filter((each) => each === step).length < count(now, step));
    known = now;
    return [...new Set(fresh)];
  }
  const count = (all: readonly string[], step: string) => all.filter((each) => each === step).length;

  const owner = { registry, project };
  for (const version of ['1', '2', '3']) {
    expect(await logged(publishPlain(owner, plainVersion('maven', version)))).toEqual([version]);
  }
  const blob = await stageBytes(registry, Buffer.from('jar'));
  const files = [{ fileName: named.file('a.jar'), contentType: 'text/plain', blob }];
  const umbrella = { name: list.name, metadata: { prefix: 'sample' } };
  const added = {
    ...target,
    format: { ...replacing, id: 'maven' },
    version: named.version('1'),
    metadata: {},
    files,
    umbrella,
  };
  expect(await logged(addFiles(registry, added))).toEqual(['1']);
  expect(await steps(list)).toEqual([[]]);

  const versions = [named.version('2'), named.version('3'), named.version('none')];
  const several = { ...target, format: rulesOf('maven'), versions };
  expect(await logged(changeStatuses(registry, several, () => 'hidden'))).toEqual(['2,3']);
  const tag = { ...target, tag: named.tag('stable') };
  expect(await logged(moveTag(registry, { ...tag, version: named.version('2') }))).toEqual(['']);
  expect(await logged(deleteTag(registry, tag))).toEqual(['']);

  const ref = { projectId: project.id, format: target.format, name: target.name };
  const file = await registry.table.get(keys.file(ref, named.version('1'), named.identity('a.jar')));
  if (!file) throw new Error('no file was added');
  const fileId = entityOf<PackageFile>(file).id;
  expect(await logged(removeFile(registry, { ...target, version: named.version('1'), fileId }))).toEqual([
    '1',
  ]);
  expect(await logged(removeVersion(registry, { ...target, version: named.version('2') }))).toEqual(['2']);
  await removePackage(registry, target);
  await steps(target);
  expect(await steps(list)).toEqual([[], []]);
});
