import { expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import { levels } from '../../../../services/domain/access.ts';
import type { Item, Write } from '../../../../services/ports/table.ts';
import { keys, type Owner, ranges } from '../../../../services/registry/records/keys.ts';
import { partitions, startsAs } from '../../../../services/registry/records/partitions.ts';
import { packageWriter } from '../../../kit/package-writer.ts';
import { startApp } from '../../../kit/start-app.ts';

const all: readonly string[] = [...partitions.packages, ...partitions.accounts];

/** A value that every function of keys accepts in the place of any of its parameters. */
function anything(kind: Owner['kind']): never {
  const facts = { kind, id: 1, projectId: 1, format: 'f', name: 'n', index: 'i', map: () => ['1'] };
  return Object.assign(new String('1'), facts) as never;
}

/** The partition keys of every item and range. */
const partitionKeys = [...Object.values(keys), ...Object.values(ranges)].flatMap((make) =>
  (['user', 'group', 'project'] as const).map((kind) => {
    const any = anything(kind);
    return (make as (...parts: never[]) => { readonly pk: string })(any, any, any, any).pk;
  }),
);

test('the lists of partitions have the beginning of every key, once', () => {
  for (const pk of partitionKeys) {
    expect([pk, all.filter((start) => startsAs(pk, [start]))]).toEqual([pk, [expect.any(String)]]);
  }
});

test('the lists of partitions have no beginning that no key has', () => {
  expect(all.filter((start) => !partitionKeys.some((pk) => startsAs(pk, [start])))).toEqual([]);
});

test('tokens, users, groups and paths are not partitions of packages', () => {
  const guarded = [keys.token('ab').pk, keys.user(1).pk, keys.group(1).pk, 'ROUTE#acme', keys.rootToken().pk];
  expect(guarded.filter((pk) => startsAs(pk, partitions.packages))).toEqual([]);
});

test('members and records of projects have attributes that functions of formats may not write', async () => {
  const table = memoryTable();
  const app = await startApp({ stores: { table } });
  const project = await app.project('tools');
  const { user } = await app.user('dev', { level: levels.developer, of: project });
  const owner = { kind: 'project', id: project.id } as const;
  for (const key of [keys.project(project.id), keys.member(owner, user.id)]) {
    const item = await table.get(key);
    const writes: Write[] = [
      { put: item as Item },
      { update: key, set: { level: 50 } },
      { update: key, set: { visibility: 'public' } },
      { update: key, set: { containerAccess: 'enabled' } },
    ];
    for (const write of writes)
      await expect(packageWriter(table).write([write])).rejects.toThrow('not authorized');
  }
});
