/** All indexes of a project. */
import type { IndexSettings } from '../../domain/repository-index.ts';
import type { KeyAlgorithm, PublicKey } from '../../ports/signer.ts';
import { ConditionFailed } from '../../ports/table.ts';
import { releaseBlobs } from '../blobs/release-blobs.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { type IndexRef, keys, ranges } from '../records/keys.ts';
import { queryAll, queryPages } from '../records/query-all.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { takeLease } from './build-lease.ts';
import { readDocuments } from './index-documents.ts';
import { partitionRevisions, type StoredAlias, type StoredDocument, type StoredIndex } from './records.ts';

/** Lists the indexes of a project, of one format or of all. */
export async function listIndexes(
  registry: Registry,
  projectId: number,
  format?: string,
): Promise<IndexRef[]> {
  const items = await queryAll(registry.table, ranges.indexes(projectId, format));
  return items.map((item) => {
    const { format, index } = entityOf<StoredIndex>(item);
    return { projectId, format, index };
  });
}

/** Sets the settings of an index, which is created if absent. The next read rebuilds it. */
export async function configureIndex(
  registry: Registry,
  ref: IndexRef,
  settings: IndexSettings,
): Promise<void> {
  await registry.table.update(keys.index(ref), {
    add: { revision: 1, settingsRevision: 1 },
    set: { ...ref, settings },
  });
}

/**
 * Gives a project a new signing key. From the next read on, its indexes are signed with both the new and the old
 * key.
 */
export async function rotateProjectKey(
  registry: Registry,
  projectId: number,
  algorithm: KeyAlgorithm,
  overlap: number,
): Promise<PublicKey> {
  const key = await registry.signer.rotate({ kind: 'project', id: projectId }, algorithm, overlap);
  for (const ref of await listIndexes(registry, projectId)) {
    await unlessGone(registry.table.update(keys.index(ref), { add: { revision: 1 } }, { exists: true }));
  }
  registry.log.info('signing key rotated', { project: projectId, key: key.id });
  return key;
}

/**
 * Yields the stored documents of all indexes of a project, including aliases: each has a reference to its blob.
 */
export async function* storedDocuments(
  registry: Registry,
  projectId: number,
): AsyncGenerator<{ readonly ref: IndexRef; readonly document: StoredDocument | StoredAlias }> {
  for (const ref of await listIndexes(registry, projectId)) {
    const { documents, aliases } = await readDocuments(registry.table, ref);
    for (const document of [...documents, ...aliases]) {
      if (isStored(document)) yield { ref, document };
    }
  }
}

function isStored(document: StoredDocument | StoredAlias): boolean {
  return document.storageKey !== undefined && !('gone' in document && document.gone);
}

/**
 * Removes the indexes and signing keys of a purged project, and the references to the blobs of its documents.
 * Returns whether all were removed: an index that is being built is left for the next run.
 */
export async function removeIndexes(registry: Registry, projectId: number): Promise<boolean> {
  let gone = true;
  for (const ref of await listIndexes(registry, projectId)) gone = (await removeIndex(registry, ref)) && gone;
  if (gone) await registry.signer.forget({ kind: 'project', id: projectId });
  return gone;
}

async function removeIndex(registry: Registry, ref: IndexRef): Promise<boolean> {
  const lease = await takeLease(registry, ref, 'job');
  if (!lease) return false;
  const { table } = registry;
  const { documents, aliases } = await readDocuments(table, ref);
  const keyed = [
    ...documents.map((each) => ({ key: keys.indexDocument(ref, each.name, each.slot), each })),
    ...aliases.map((each) => ({ key: keys.indexAlias(ref, each.name), each })),
  ];
  for (const { key, each } of keyed) {
    await retryChanged(async () => {
      const { generation } = each;
      if ((await table.get(key))?.generation !== generation) return;
      await table.write([
        lease.held(),
        { delete: key, when: { equals: { generation } } },
        ...(isStored(each) ? await releaseBlobs(registry, [each]) : []),
      ]);
    });
  }
  const state = await table.get(keys.index(ref));
  const partitions = state ? [...partitionRevisions(state).keys()] : [];
  const left = [ranges.unlisted(ref), ...partitions.map((partition) => ranges.stanzas(ref, partition))];
  for (const range of left) {
    for await (const items of queryPages(table, { ...range, limit: 100 })) {
      await table.write(items.map(({ pk, sk }) => ({ delete: { pk, sk } })));
    }
  }
  await table.write([
    lease.held(),
    { delete: keys.builtIndex(ref) },
    { delete: keys.index(ref), when: { equals: { revision: Number(state?.revision ?? 0) } } },
  ]);
  await table.write([{ delete: keys.indexLease(ref) }]);
  return true;
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!(error instanceof ConditionFailed)) throw error;
  });
}
