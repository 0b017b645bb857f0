import { describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import type { EventType } from '../../../../services/domain/events.ts';
import { stageBytes } from '../../../../services/registry/blobs/stage-blob.ts';
import { EVENT_SHARDS, eventOf, recordEvent } from '../../../../services/registry/events/record-event.ts';
import { findHome, recordHome } from '../../../../services/registry/maintenance/migrate/storage-home.ts';
import { addFiles } from '../../../../services/registry/packages/add-files.ts';
import { keys, ranges } from '../../../../services/registry/records/keys.ts';
import { queryAll } from '../../../../services/registry/records/query-all.ts';
import { removePackage, restorePackage } from '../../../../services/registry/removal/remove-package.ts';
import { named } from '../../../kit/names.ts';
import { replacing } from '../../../kit/publish.ts';
import { startApp } from '../../../kit/start-app.ts';

/** Processes of an earlier release read and write the same records during a deployment. */
describe('records keep the names that earlier releases read and write', () => {
  test('for the storage location', async () => {
    const table = memoryTable();
    await recordHome(table, { location: 's3://one', from: 'local' });
    expect(await table.get(keys.storage())).toMatchObject({ place: 's3://one', from: 'local' });
    await table.write([{ put: { ...keys.storage(), place: 's3://two' } }]);
    expect(await findHome(table)).toEqual({ location: 's3://two', from: undefined });
    await recordHome(table, { location: 's3://three', from: 's3://two' });
    expect(await table.get(keys.storage())).toMatchObject({ place: 's3://three', from: 's3://two' });
  });

  test('for subpackages and their umbrella, also when a version is removed and restored', async () => {
    const { registry, ...app } = await startApp({ settings: { retention: 1000 } });
    const project = await app.project('tools');
    const facts = {
      project,
      actor: { kind: 'user', id: 1, name: 'root' },
      name: named.package('group/tool'),
    } as const;
    const ref = { projectId: project.id, format: replacing.id, name: named.package('group/tool') };
    const group = { ...ref, name: named.package('group') };
    const umbrella = { name: named.package('group'), metadata: { prefix: 'tool' } };
    const files = [
      { fileName: named.file('a'), contentType: 'a/b', blob: await stageBytes(registry, Buffer.from('a')) },
    ];
    const stored = async () => {
      const [umbrellaHead, head] = await registry.table.getMany([keys.head(group), keys.head(ref)]);
      const items = await queryAll(registry.table, { pk: keys.head(group).pk, prefix: 'LISTED#' });
      return [umbrellaHead?.listedCount, head?.listedBy, items.map(({ sk }) => sk)];
    };
    await addFiles(registry, {
      ...facts,
      format: replacing,
      version: named.version('1'),
      metadata: {},
      umbrella,
      files,
    });
    const added = [1, 'group', ['LISTED#group/tool']];
    expect(await stored()).toEqual(added);
    await removePackage(registry, { ...facts, format: replacing.id });
    expect(await stored()).toEqual([0, undefined, []]);
    const [removed] = await queryAll(registry.table, ranges.removedVersions(ref));
    expect(removed?.listing).toEqual(umbrella);
    await restorePackage(registry, { ...facts, format: replacing.id });
    expect(await stored()).toEqual(added);
  });

  test('for the events of names', async () => {
    const { registry, ...app } = await startApp();
    const project = await app.project('tools');
    const about = { projectId: project.id, projectPath: '', format: 'generic', name: 'tool', version: null };
    const actor = { kind: 'system', id: 0, name: 'system' } as const;
    const types: EventType[] = ['name_added', 'name_removed'];
    await registry.table.write(
      types.map((type) => recordEvent(0, { ...about, actor, type, details: { rootId: 1 } } as never)),
    );
    const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) => ranges.events(shard));
    const items = (await Promise.all(shards.map((range) => queryAll(registry.table, range)))).flat();
    const names = items.filter((item) => String(item.type).startsWith('name_'));
    expect(names.map(({ type }) => type).sort()).toEqual(['name_listed', 'name_unlisted']);
    expect(names.map(({ event }) => JSON.parse(String(event)).type)).toEqual(names.map(({ type }) => type));
    expect(names.map((item) => eventOf(item).type).sort()).toEqual(types);
  });
});
