import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageRef, Subpackage, Tag, Umbrella, Version } from '../../domain/packages.ts';
import { type Condition, MAX_WRITES, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { presenceWrites } from '../indexes/restate-files.ts';
import { type DefaultTagMove, defaultTagMove, defaultTagOf } from '../packages/default-tag.ts';
import { moveHead } from '../packages/move-head.ts';
import { groupsOf, nameRemovalWrites } from '../packages/package-writes.ts';
import { subpackageRemovalWrites } from '../packages/subpackages.ts';
import {
  entityOf,
  itemOf,
  maybeEntity,
  plainEntity,
  type StoredHead,
  type StoredVersion,
  storedAs,
  subpackageCount,
  umbrellaNameOf,
} from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { purgeVersion } from './purge.ts';
import { type RemovedVersion, removalBy, removedVersionItem } from './removed.ts';

/** Which version to remove, and who removes it. */
export interface VersionRemoval {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: PackageName;
  readonly version: VersionName;
  /** If given, remove only the version with this id, not one published in its place. */
  readonly id?: number;
}

/** What happens to a withdrawn version: it stays restorable for a while, or is purged immediately. */
type Fate = 'retained' | 'purged';

/**
 * Removes a version with its files and the tags that point to it, in one transaction. It can be restored until its
 * retention ends; with a retention of 0 it is purged immediately.
 * @throws RegistryError `packageNotFound` if there is no such version.
 */
export async function removeVersion(registry: Registry, input: VersionRemoval): Promise<void> {
  const fate = registry.settings.retention === 0 ? 'purged' : 'retained';
  const removed = await withdrawVersion(registry, input, fate);
  if (fate === 'purged') await purgeVersion(registry, removed);
}

/** Removes every version of a package; returns how many there were. */
export async function removePackage(
  registry: Registry,
  input: Omit<VersionRemoval, 'version' | 'id'>,
): Promise<number> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const items = await queryAll(registry.table, ranges.versions(ref));
  for (const item of items) {
    const { version, id } = entityOf<Version>(item);
    await unlessGone(() => removeVersion(registry, { ...input, version, id }));
  }
  return items.length;
}

/** Runs a removal; ignores the error if there is nothing to remove. */
export async function unlessGone(removal: () => Promise<unknown>): Promise<void> {
  try {
    await removal();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'packageNotFound';
}

/**
 * Hides a version from every read, in one transaction that is retried if the version changes concurrently. One given by
 * its id may have moved to its normalized text in the meantime, by the upgrade to schema 6.
 */
export async function withdrawVersion(
  registry: Registry,
  input: VersionRemoval,
  fate: Fate,
): Promise<RemovedVersion> {
  try {
    return await withdrawStored(registry, input, fate);
  } catch (error) {
    if (!isMissing(error) || input.id === undefined) throw error;
    const rules = (await registry.formats()).find(({ id }) => id === input.format);
    const version = rules?.normalizedVersion?.(input.version) ?? input.version;
    if (version === input.version) throw error;
    return withdrawStored(registry, { ...input, version }, fate);
  }
}

async function withdrawStored(
  registry: Registry,
  input: VersionRemoval,
  fate: Fate,
): Promise<RemovedVersion> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  if (fate === 'purged') await dropManyTags(registry, ref, input.version);
  const removed = await retryChanged(async () => {
    const [headItem, versionItem, readme] = await registry.table.getMany([
      keys.head(ref),
      keys.version(ref, input.version),
      keys.readme(ref, input.version),
    ]);
    const head = maybeEntity<StoredHead>(headItem);
    const version = maybeEntity<StoredVersion>(versionItem);
    if (!head || !version || version.claim || version.id !== (input.id ?? version.id)) {
      throw new RegistryError('packageNotFound');
    }
    const { writes, withdrawn } = await planWithdrawal(registry, { ...input, fate }, head, version);
    if (readme) {
      writes.push({ delete: keys.readme(ref, version.version) });
      writes.push({ put: itemOf(keys.removedReadme(ref, version.id), { text: String(readme.text) }) });
    }
    if (writes.length > MAX_WRITES) {
      throw new RegistryError('conflict', 'Too many tags point to this version; remove some of them first');
    }
    await registry.table.write(writes);
    if (head.versionCount > FEW_VERSIONS) await removeEmptyName(registry, input.project, ref);
    return withdrawn;
  });
  const { project, format, name, version } = input;
  registry.log.info('package removed', { project: project.id, format, package: name, version });
  return removed;
}

/** The most tags that are deleted in one transaction. */
const TAGS_AT_ONCE = 50;

/** Deletes tags of a version that is about to be purged, if it has too many for one transaction. */
async function dropManyTags(registry: Registry, ref: PackageRef, version: VersionName): Promise<void> {
  const byDefault = await defaultTagOf(registry, ref.format);
  await retryChanged(async () => {
    const all = await tagsOf(registry, ref, version);
    // The default tag is moved when the version is removed.
    const tags = all.filter(({ tag }) => tag !== byDefault?.tag);
    while (tags.length >= TAGS_AT_ONCE) {
      await registry.table.write([
        ...tags.splice(0, TAGS_AT_ONCE).map(tagDeletion(ref, version)),
        ...moveHead(ref, registry.clock.now(), { touched: [], when: { exists: true } }),
      ]);
    }
  });
}

async function tagsOf({ table }: Registry, ref: PackageRef, version: VersionName): Promise<Tag[]> {
  const items = await queryAll(table, ranges.tags(ref));
  return items.map((item) => plainEntity(entityOf<Tag>(item))).filter((tag) => tag.version === version);
}

function tagDeletion(ref: PackageRef, version: VersionName) {
  return ({ tag }: Tag): Write => ({ delete: keys.tag(ref, tag), when: { equals: { version } } });
}

async function planWithdrawal(
  registry: Registry,
  input: VersionRemoval & { readonly fate: Fate },
  head: StoredHead,
  version: StoredVersion,
): Promise<{ writes: Write[]; withdrawn: RemovedVersion }> {
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: head.projectId, format: head.format, name: head.name };
  const tags = await tagsOf(registry, ref, version.version);
  const last = head.versionCount <= 1;
  const empty = last && subpackageCount(head) <= 0;
  // When many versions are removed concurrently, any of them may turn out to be the last.
  const umbrella = await umbrellaOf(registry, ref, umbrellaNameOf(head));
  const withdrawn: RemovedVersion = {
    ...plainEntity(version),
    ...removalBy(registry, input.actor),
    tags,
    ...(input.fate === 'purged' && { purging: true as const }),
    ...(umbrella && { [storedAs.umbrella]: umbrella }),
  };
  const moved = await movedDefaultTag(registry, ref, version.version, tags);
  const writes: Write[] = [
    ...moveHead(ref, now, {
      touched: [version.version],
      add: { versionCount: -1 },
      set: { live: empty ? undefined : true, ...(last && { [storedAs.umbrellaName]: undefined }) },
      when: { equals: last ? { revision: head.revision } : otherVersionsRemain(head) },
    }),
    { delete: keys.version(ref, version.version), when: unchanged(version) },
    { put: removedVersionItem(ref, withdrawn) },
    { delete: keys.packageId(ref.projectId, version.id) },
    { delete: keys.versionHolder(ref, version.version, groupsOf(input.project)) },
    ...(await presenceWrites(registry, version, false)),
    ...tags.filter(({ tag }) => tag !== moved?.tag).map(tagDeletion(ref, version.version)),
    ...(moved?.writes ?? []),
    ...(moved
      ? [
          recordEvent(now, {
            ...eventFacts(input, moved.version),
            type: 'tag_moved',
            details: { tag: moved.tag, before: version.version, after: moved.version },
          }),
        ]
      : []),
    ...(empty ? nameRemovalWrites(input.project, ref, now) : []),
    ...(last && umbrella ? await subpackageRemovalWrites(registry, input.project, ref, umbrella.name) : []),
    recordEvent(now, {
      ...eventFacts(input, version.version),
      type: 'package_deleted',
      details: { id: version.id },
    }),
  ];
  return { writes, withdrawn };
}

/** The writes that move the default tag from a removed version to another one; undefined if it need not move. */
async function movedDefaultTag(
  registry: Registry,
  ref: PackageRef,
  version: VersionName,
  tags: readonly Tag[],
): Promise<(DefaultTagMove & { readonly tag: TagName }) | undefined> {
  const byDefault = await defaultTagOf(registry, ref.format);
  if (!byDefault || !tags.some(({ tag }) => tag === byDefault.tag)) return undefined;
  const when = { equals: { version } };
  const move = await defaultTagMove(registry, ref, byDefault, { when, without: version });
  return move && { ...move, tag: byDefault.tag };
}

/** Reads the umbrella of a package by its name. */
async function umbrellaOf(
  { table }: Registry,
  ref: PackageRef,
  name: PackageName | undefined,
): Promise<Umbrella | undefined> {
  if (name === undefined) return undefined;
  const item = await table.get(keys.subpackage({ ...ref, name }, ref.name));
  return item && { name, metadata: entityOf<Subpackage>(item).metadata };
}

/** Holds while the version is as it was read: new files or tags, or changed metadata, make the condition fail. */
export function unchanged({ id, updatedAt, additions }: StoredVersion): Condition {
  return { equals: { id, updatedAt, additions } };
}

/** Up to this many versions, each removal checks the exact count, since it may remove the second-to-last one. */
const FEW_VERSIONS = 20;

/** The condition on the head of a package with other versions. Allows many versions to be removed concurrently. */
function otherVersionsRemain({
  versionCount,
}: StoredHead): { readonly versionCount: number } | { readonly live: true } {
  return versionCount <= FEW_VERSIONS ? { versionCount } : { live: true };
}

/** Removes a name from the indexes if concurrent removals left the package empty. */
async function removeEmptyName(registry: Registry, project: Project, ref: PackageRef): Promise<void> {
  await retryChanged(async () => {
    const head = maybeEntity<StoredHead>(await registry.table.get(keys.head(ref)));
    if (!head?.live || head.versionCount > 0 || subpackageCount(head) > 0) return;
    const now = registry.clock.now();
    const umbrellaName = umbrellaNameOf(head);
    await registry.table.write([
      ...moveHead(ref, now, {
        touched: [],
        set: { live: undefined, [storedAs.umbrellaName]: undefined },
        when: { equals: { revision: head.revision } },
      }),
      ...nameRemovalWrites(project, ref, now),
      ...(umbrellaName === undefined
        ? []
        : await subpackageRemovalWrites(registry, project, ref, umbrellaName)),
    ]);
  });
}
