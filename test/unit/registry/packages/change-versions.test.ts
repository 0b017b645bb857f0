import { expect, test } from 'vitest';
import { plainVersion, publishPlain } from '../../../../bench/packages/plain-versions.ts';
import { changeVersions } from '../../../../services/registry/packages/change-versions.ts';
import { eventDetails } from '../../../kit/events.ts';
import { named } from '../../../kit/names.ts';
import { startApp } from '../../../kit/start-app.ts';

test('long texts in the event of a changed version are cut at whole characters', async () => {
  const { registry, project: makeProject } = await startApp();
  const format = (await registry.formats()).find(({ id }) => id === 'maven');
  if (!format) throw new Error('the format is missing');
  const project = await makeProject('tools');
  await publishPlain({ registry, project }, plainVersion('maven', '1'));
  const actor = { kind: 'user', id: 1, name: 'root' } as const;
  const input = {
    project,
    actor,
    format,
    name: named.package('com/example/sample'),
    versions: [named.version('1')],
  };
  const facts = () => ({ short: 'a'.repeat(1024), long: `${'a'.repeat(1022)}\u{1F4E6}\u{1F4E6}` });
  await changeVersions(registry, { ...input, facts }, () => ({ status: 'hidden' }));
  const cut = { short: 'a'.repeat(1024), long: `${'a'.repeat(1022)}\u2026` };
  expect(await eventDetails(registry.table, 'maven', 'package_changed')).toEqual([
    ['1', { before: { status: 'default', facts: cut }, after: { status: 'hidden', facts: cut } }],
  ]);
});
