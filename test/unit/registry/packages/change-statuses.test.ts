import { expect, test } from 'vitest';
import { plainVersion, publishPlain } from '../../../../bench/packages/plain-versions.ts';
import { changeStatuses, changeVersions } from '../../../../services/registry/packages/change-versions.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { rulesOf } from '../../../kit/rules.ts';
import { startApp } from '../../../kit/start-app.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

test('the status of a version with unreadable metadata can change, its metadata cannot', async () => {
  const { registry, project: makeProject } = await startApp();
  const project = await makeProject('tools');
  const plain = plainVersion('npm', '1.0.0');
  await publishPlain({ registry, project }, plain);
  const { name, version } = plain;
  const key = keys.version({ projectId: project.id, format: 'npm', name }, version);
  await registry.table.update(key, { set: { metadata: 'damaged' } });

  const change = { project, actor, format: rulesOf('npm'), name, versions: [version] };
  expect(await changeVersions(registry, change, () => ({ metadata: {} }))).toEqual({ found: 0, changed: 0 });
  expect(await changeStatuses(registry, change, () => 'hidden')).toEqual({ found: 1, changed: 1 });
  expect(await registry.table.get(key)).toMatchObject({ status: 'hidden', metadata: 'damaged' });
});
