import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { upgradeData } from '../../services/registry/maintenance/upgrade/upgrade-data.ts';
import { removePackage, restorePackage } from '../../services/registry/removal/remove-package.ts';
import type { Stores } from '../../services/runtime/compose.ts';
import { named } from '../kit/names.ts';
import { diesAfter } from '../kit/racing-writes.ts';
import { describeNormalizing, type Normalizing, startNormalizing, wheelNames } from './normalize-cases.ts';

async function onMemory(): Promise<{ readonly stores: Stores; close(): Promise<void> }> {
  const stores = { table: memoryTable(), audit: memoryTable(), blobs: memoryBlobStore() };
  return { stores, close: async () => {} };
}

async function onDisk(): Promise<{ readonly stores: Stores; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-normalize-'));
  const stores = await openEmbedded(folder);
  return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
}

describeNormalizing('embedded stores', onDisk);

const NAMES = ['sample', 'twin', 'gone', 'many'];
const inProject = (old: Normalizing, name: string) => ({
  ...{ project: old.project, format: 'pypi', name: named.package(name) },
  actor: { kind: 'user', id: 1, name: 'root' } as const,
});

/** What clients see of the packages, each file once. */
async function seen(old: Normalizing): Promise<Record<string, readonly string[]>> {
  const shown = await Promise.all(
    NAMES.map(async (name) => [name, (await old.shown(name)).sort().concat(await old.listed(name))] as const),
  );
  return Object.fromEntries(shown);
}

/** The files of the packages that clients see. */
async function filesSeen(old: Normalizing): Promise<string[]> {
  const all = Object.values(await seen(old)).flat();
  return all.filter((each) => each.includes('-')).sort();
}

/** More equal versions: of many files, alone and beside another one, and removed. */
async function addMore(old: Normalizing): Promise<void> {
  await old.publishOld('many', '1.0', wheelNames('many', '1.0', 60));
  await old.publishOld('many', '2.0', wheelNames('many', '2.0', 60));
  await old.publishOld('many', '2.0.0', [...wheelNames('many', '2.0.0', 3), 'many-2.0.0.tar.gz']);
  await old.publishOld('more', '1', wheelNames('more', '1', 60));
  await removePackage(old.registry, inProject(old, 'more'));
}

describe.each([
  ['memory', onMemory],
  ['embedded', onDisk],
] as const)('normalizing versions on %s stores', (_, open) => {
  test('an upgrade that is killed after any write ends like one that is not', async () => {
    const opened = await open();
    const whole = await startNormalizing(opened.stores);
    await addMore(whole);
    const files = await filesSeen(whole);
    await upgradeData(whole.registry);
    const expected = await seen(whole);
    await opened.close();
    let count = 1;
    for (let done = false; !done; count++) {
      const { stores, close } = await open();
      const old = await startNormalizing(stores);
      await addMore(old);
      done = await upgradeData(diesAfter(old.registry, count)).catch(() => false);
      expect(await filesSeen(old)).toEqual(files);
      expect(await old.problems()).toEqual([]);
      expect(await upgradeData(old.registry)).toBe(true);
      expect([count, await seen(old)]).toEqual([count, expected]);
      expect([await old.former(), await old.problems()]).toEqual([[], []]);
      expect(await restorePackage(old.registry, inProject(old, 'more'))).toBe(1);
      expect((await old.shown('more')).length).toBe(61);
      await close();
    }
    expect(count).toBeGreaterThan(15);
  });

  test('a version of many files that is removed while they are copied is restored or purged whole', async () => {
    for (const fate of ['restored', 'purged']) {
      for (let count = 1; count < 12; count++) {
        const { stores, close } = await open();
        const old = await startNormalizing(stores);
        await addMore(old);
        await upgradeData(diesAfter(old.registry, count)).catch(() => false);
        const retention = fate === 'purged' ? 0 : old.registry.settings.retention;
        const registry = { ...old.registry, settings: { ...old.registry.settings, retention } };
        await removePackage(registry, inProject(old, 'many'));
        expect(await old.shown('many')).toEqual([]);
        expect(await old.problems()).toEqual([]);
        if (fate === 'restored') await restorePackage(old.registry, inProject(old, 'many'));
        await upgradeData(old.registry);
        const shown = await old.shown('many');
        if (fate === 'purged') expect(shown).toEqual([]);
        else expect(shown).toEqual(expect.arrayContaining(['1.0', ...wheelNames('many', '1.0', 60)]));
        expect([await old.former(), await old.problems()]).toEqual([[], []]);
        await close();
      }
    }
  });

  test('publishes and reads that race with two upgrades lose nothing', async () => {
    const { stores, close } = await open();
    const old = await startNormalizing(stores);
    await addMore(old);
    const before = await filesSeen(old);
    const versions = ['1', '1.0', '1.0.0', '1.0.0.0'];
    const uploads = ['sample', 'twin', 'gone', 'many'].flatMap((name) =>
      versions.map((version, number) => ({ name, version, tag: `cp9${number}-none-any` })),
    );
    let finished = false;
    async function readOn(): Promise<void> {
      while (!finished) {
        expect(await filesSeen(old)).toEqual(expect.arrayContaining(before));
        // Lets the pauses of retries end.
        await setTimeout(5);
      }
    }
    const reading = readOn();
    const [, , answers] = await Promise.all([
      upgradeData(old.registry),
      upgradeData(old.registry),
      Promise.all(uploads.map(({ version, ...rest }) => old.upload(version, rest))),
    ]);
    finished = true;
    await reading;
    expect(answers.map(({ status }) => status)).toEqual(uploads.map(() => 201));
    expect(await upgradeData(old.registry)).toBe(true);
    const after = await filesSeen(old);
    const added = uploads.map(({ name, version, tag }) => `${name}-${version}-${tag}.whl`);
    expect(after).toEqual([...before, ...added].sort());
    expect([await old.former(), await old.problems()]).toEqual([[], []]);
    await close();
  });
});
