/**
 * The tags of removed versions. One transaction removes a version with up to `TAGS_IN_RECORD` tags, which are kept in its
 * record. Before that, further tags move to items of their own, and after a restore they move back.
 */
import type { PackageRef, Tag } from '../../domain/packages.ts';
import { MAX_WRITES, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { moveHead } from '../packages/move-head.ts';
import { addedToVersion, taggedWrites, tagWrite } from '../packages/package-writes.ts';
import { entityOf, itemOf, plainEntity, type StoredVersion } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll, queryPages } from '../records/query-all.ts';
import { readItem, readItems } from '../records/read-items.ts';
import { readMany } from '../records/read-many.ts';
import { retryChanged } from '../records/retry-changed.ts';

/** How many tags the record of a removed version has. */
export const TAGS_IN_RECORD = 20;

/** How many tags one transaction moves, with up to three writes each. */
const TAGS_AT_ONCE = 30;

/** A version, as its tags depend on it. */
type TaggedVersion = PackageRef & Pick<StoredVersion, 'version' | 'apart'>;

/** The tags that point to a version. */
export async function tagsOf({ table }: Registry, version: TaggedVersion): Promise<readonly Tag[]> {
  const items = version.apart
    ? await readMany(
        table,
        (await queryAll(table, ranges.tagsOf(version, version.version))).map((item) =>
          keys.tag(version, entityOf<Tag>(item).tag),
        ),
      )
    : await queryAll(table, ranges.tags(version));
  return items.flatMap((item) => {
    const tag = item && plainEntity(entityOf<Tag>(item));
    return tag?.version === version.version ? [tag] : [];
  });
}

/** Returns the writes that delete a tag while it points to the version. */
export function tagDeletions(ref: TaggedVersion, { tag, version }: Tag): Write[] {
  return [
    { delete: keys.tag(ref, tag), when: { equals: { version } } },
    ...(ref.apart ? [{ delete: keys.tagged(ref, version, tag) }] : []),
  ];
}

/**
 * Deletes tags of a version that is about to be removed, in as many transactions as needed; if `retained`, they are kept
 * for a restore.
 */
export async function setTagsAside(
  registry: Registry,
  version: StoredVersion,
  tags: readonly Tag[],
  { retained }: { readonly retained: boolean },
): Promise<void> {
  const own = { check: keys.version(version, version.version), when: { equals: { id: version.id } } };
  for (let start = 0; start < tags.length; start += TAGS_AT_ONCE) {
    const some = tags.slice(start, start + TAGS_AT_ONCE);
    await registry.table.write([
      own,
      ...some.flatMap((tag) => tagDeletions(version, tag)),
      ...(retained ? some.map((tag) => removedTagWrite(version, version.id, tag)) : []),
      ...moveHead(version, registry.clock.now(), { touched: [], when: { exists: true } }),
    ]);
  }
}

/** Returns the write that keeps a tag of a removed version. */
export function removedTagWrite(ref: PackageRef, id: number, tag: Tag): Write {
  return { put: itemOf(keys.removedTag(ref, id, tag.tag), tag) };
}

/**
 * Returns the version whose restore was interrupted before all its tags were back; undefined if there is none with this
 * id.
 */
export async function partlyRestored(
  { table }: Registry,
  ref: PackageRef,
  id: number,
): Promise<StoredVersion | undefined> {
  const [item] = (await table.query({ ...ranges.removedTags(ref, id), limit: 1 })).items;
  if (!item) return undefined;
  const version = await readItem<StoredVersion>(table, keys.version(ref, entityOf<Tag>(item).version));
  return version?.id === id ? version : undefined;
}

/**
 * Sets the tags again that were set aside when a restored version was removed, except those that have been set since. Can
 * be interrupted and called again. Stops if the version is removed again: the tags are still kept then.
 */
export async function restoreTags(registry: Registry, { id, ...ref }: StoredVersion): Promise<void> {
  const { table, clock } = registry;
  const range = { ...ranges.removedTags(ref, id), limit: TAGS_AT_ONCE };
  await retryChanged(async () => {
    for await (const page of queryPages(table, range)) {
      const tags = page.map((item) => plainEntity(entityOf<Tag>(item)));
      if (tags.length === 0) return;
      const own = keys.version(ref, ref.version);
      const items = await readItems(table, [own, ...tags.map(({ tag }) => keys.tag(ref, tag))]);
      const stored = items.get<StoredVersion>(own);
      if (stored?.id !== id) return;
      const now = clock.now();
      const absent = tags.filter(({ tag }) => !items.get(keys.tag(ref, tag)));
      await table.write([
        addedToVersion(ref, ref.version, stored),
        ...absent.flatMap(({ tag }): Write[] => [
          { ...tagWrite(ref, tag, ref.version, now), when: { exists: false } },
          ...taggedWrites(ref, tag),
        ]),
        ...tags.map(({ tag }) => ({ delete: keys.removedTag(ref, id, tag) })),
        ...moveHead(ref, now, { touched: [], when: { exists: true } }),
      ]);
    }
  });
}

/** Deletes the tags of a version that is purged. */
export async function deleteRemovedTags({ table }: Registry, ref: PackageRef, id: number): Promise<void> {
  const range = { ...ranges.removedTags(ref, id), limit: MAX_WRITES };
  for await (const page of queryPages(table, range)) {
    if (page.length > 0) await table.write(page.map(({ pk, sk }) => ({ delete: { pk, sk } })));
  }
}
