import { RegistryError } from '../../domain/errors.ts';
import { identityOf, type PackageRef } from '../../domain/packages.ts';
import { ConditionFailed, type Item, type Write } from '../../ports/table.ts';
import { releaseBlobs } from '../blobs/release-blobs.ts';
import type { Registry } from '../context.ts';
import { forgetDownloads } from '../downloads/count-downloads.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import { mayBeUntagged } from '../package-blobs/may-be-unused.ts';
import { forgetUses } from '../package-blobs/uses.ts';
import { entityOf, maybeEntity, type StoredVersion } from '../records/entities.ts';
import { indexes, keys, ranges } from '../records/keys.ts';
import { isRemovedVersion, packageOfKey } from '../records/parse-keys.ts';
import { queryPages } from '../records/query-all.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { filesOfVersion, type Removal, type RemovedFile, type RemovedVersion } from './removed.ts';
import { deleteRemovedTags } from './removed-tags.ts';

/** How many files one transaction purges: two writes each, or up to six if indexes describe them. */
const FILES_AT_ONCE = 45;
const INDEXED_AT_ONCE = 14;

/**
 * Purges a removed version: its files, in as many transactions as needed, and its record in the last one.
 * Orphaned blobs are left to the sweep. Once purging has begun, the version can no longer be restored. A version that
 * was restored after it was read is kept, even if it was removed again. Can be repeated, and run concurrently.
 */
export async function purgeVersion(
  registry: Registry,
  removed: RemovedVersion & StoredVersion,
): Promise<void> {
  const { projectId, format, name, id, removedAt } = removed;
  const ref: PackageRef = { projectId, format, name };
  const record = keys.removedVersion(ref, id);
  const begun =
    removed.purging ||
    (await tryWrite(registry, { update: record, set: { purging: true }, when: { equals: { removedAt } } }));
  if (!begun) return;
  // Before the record goes: a purge that breaks off is done again for as long as there is one.
  await noteUnused(registry, removed);
  await retryChanged(async () => {
    const current = maybeEntity<RemovedVersion & StoredVersion>(await registry.table.get(record));
    if (!current) return;
    const [files] = await Promise.all([
      filesOfVersion(registry, ref, current),
      deleteRemovedTags(registry, ref, id),
    ]);
    // The upgrade to schema 6 may have been moving its files when the version was removed.
    const { otherFiles } = current;
    if (otherFiles !== undefined)
      files.push(...(await filesOfVersion(registry, ref, { id, version: otherFiles })));
    const all = files.map(({ file }) => file);
    for (;;) {
      const batch = files.splice(0, removed.indexed ? INDEXED_AT_ONCE : FILES_AT_ONCE);
      const last = files.length === 0;
      await registry.table.write([
        ...batch.map(({ key, file }): Write => ({ delete: key, when: { equals: { id: file.id } } })),
        ...(await releaseBlobs(
          registry,
          batch.map(({ file }) => file),
        )),
        ...indexWrites(ref, {
          removed: batch.map(({ file }) => file),
          listings: last ? [{ versionId: id, files: all, listed: true }] : [],
        }),
        ...(last
          ? [{ delete: record }, { delete: keys.removedReadme(ref, id) }, forgetDownloads(registry, id)]
          : []),
      ]);
      if (last) return;
    }
  });
}

/** Notes for the purge of a version that what it used, and what described it, may be unused from now on. */
async function noteUnused(registry: Registry, version: RemovedVersion & StoredVersion): Promise<void> {
  if (!version.apart) return;
  const { table } = registry;
  await forgetUses(registry, version);
  const current = await table.get(keys.version(version, version.version));
  if (!current) {
    for await (const items of queryPages(table, ranges.referrers(version, version.version))) {
      await table.write(items.map((item) => mayBeUntagged(registry, version, String(item.version))));
    }
  }
  const { subject, id } = version;
  if (subject === undefined) return;
  const referrer = keys.referrer(version, subject, version.version);
  await tryWrite(registry, { delete: referrer, when: { equals: { id } } });
}

/** Purges a removed file. Does nothing if it was restored or has already been purged. */
export async function purgeFile(registry: Registry, ref: PackageRef, file: RemovedFile): Promise<void> {
  const key = keys.olderFile(ref, file.version, identityOf(file), file.id);
  await retryChanged(async () => {
    const item = await registry.table.get(key);
    if (item?.removedAt === undefined) return;
    const removed = entityOf<RemovedFile>(item);
    await registry.table.write([
      { delete: key, when: { equals: { id: removed.id, removedAt: removed.removedAt } } },
      ...indexWrites(ref, { removed: [removed] }),
      ...(await releaseBlobs(registry, [removed])),
    ]);
  });
}

/** Purges the removed versions and files that are due, until `signal` aborts. Logs failures and continues. */
export async function purgeDue(registry: Registry, signal?: AbortSignal): Promise<void> {
  const now = new Date(registry.clock.now()).toISOString();
  for await (const items of queryPages(registry.table, { ...indexes.removed, limit: 100 })) {
    for (const item of items) {
      if (signal?.aborted || dueTime(item) > now) return;
      try {
        await purgeItem(registry, item);
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        registry.log.error('removed package not purged', { key: item.sk, error });
      }
    }
  }
}

/** The time from which a removed item may be purged, from its sort key in the index of removed items. */
function dueTime({ index2sk = '' }: Item): string {
  return index2sk.slice(0, index2sk.indexOf('#'));
}

/** Purges a removed version or file, given its item. */
export async function purgeItem(registry: Registry, item: Item): Promise<void> {
  const ref = packageOfKey(item);
  if (isRemovedVersion(item)) await purgeVersion(registry, entityOf<RemovedVersion & Removal>(item));
  else await purgeFile(registry, ref, entityOf<RemovedFile>(item));
}

/** Executes a write; returns whether its condition held. */
export async function tryWrite(registry: Registry, write: Write): Promise<boolean> {
  try {
    await registry.table.write([write]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}
