import type { Project } from '../../domain/accounts.ts';
import { parseContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageRef, Subpackage, Tag, Umbrella, Version } from '../../domain/packages.ts';
import type { Condition, Item, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { presenceWrites } from '../indexes/restate-files.ts';
import { isUsed } from '../package-blobs/uses.ts';
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
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { purgeVersion } from './purge.ts';
import { type RemovedVersion, removalBy, removedVersionItem } from './removed.ts';
import { setTagsAside, TAGS_IN_RECORD, tagDeletions, tagsOf } from './removed-tags.ts';

/** Which version to remove, and who removes it. */
export interface VersionRemoval {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: PackageName;
  readonly version: VersionName;
  /** If given, remove only the version with this id, not one published in its place. */
  readonly id?: number;
  /** What else must hold: that no other version uses it, and that no tag points to it. */
  readonly onlyIf?: 'unused' | 'untagged and unused';
}

/** How a version is withdrawn. */
interface Withdrawal {
  /** It stays restorable for a while, or is purged immediately. */
  readonly fate: 'retained' | 'purged';
  /** See `RemovedVersion`. */
  readonly withPackage?: number | undefined;
}

/**
 * Removes a version with its files and the tags that point to it, in one transaction; most of its tags before it if it has
 * many. It can be restored until its retention ends; with a retention of 0 it is purged immediately.
 * @throws RegistryError `packageNotFound` if there is no such version.
 */
export async function removeVersion(
  registry: Registry,
  input: VersionRemoval,
  withPackage?: number,
): Promise<void> {
  const fate = registry.settings.retention === 0 ? 'purged' : 'retained';
  const removed = await withdrawVersion(registry, input, { fate, withPackage });
  if (fate === 'purged') await purgeVersion(registry, removed);
}

/**
 * Removes versions by their ids. Skips those that are gone, also if others were published in their place. Returns how many
 * were removed.
 * @param withPackage if they are removed as the versions of a package, see `RemovedVersion`
 */
export async function removeVersions(
  registry: Registry,
  input: Omit<VersionRemoval, 'version' | 'id'>,
  versions: readonly Pick<Version, 'version' | 'id'>[],
  withPackage?: number,
): Promise<number> {
  let removed = 0;
  for (const { version, id } of versions) {
    await unlessGone(async () => {
      await removeVersion(registry, { ...input, version, id }, withPackage);
      removed++;
    });
  }
  return removed;
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
  withdrawal: Withdrawal,
): Promise<RemovedVersion> {
  try {
    return await withdrawStored(registry, input, withdrawal);
  } catch (error) {
    if (!isMissing(error) || input.id === undefined) throw error;
    const rules = (await registry.formats()).find(({ id }) => id === input.format);
    const version = rules?.normalizedVersion?.(input.version) ?? input.version;
    if (version === input.version) throw error;
    return withdrawStored(registry, { ...input, version }, withdrawal);
  }
}

async function withdrawStored(
  registry: Registry,
  input: VersionRemoval,
  withdrawal: Withdrawal,
): Promise<RemovedVersion> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const removed = await retryChanged(async () => {
    const { head, version, readme, tags } = await readRemovable(registry, ref, input, withdrawal);
    const { writes, withdrawn } = await planWithdrawal(
      registry,
      { ...input, ...withdrawal },
      { head, version, tags },
    );
    if (readme) {
      writes.push({ delete: keys.readme(ref, version.version) });
      writes.push({ put: itemOf(keys.removedReadme(ref, version.id), { text: String(readme.text) }) });
    }
    await registry.table.write(writes);
    if (head.versionCount > FEW_VERSIONS) await removeEmptyName(registry, input.project, ref);
    return withdrawn;
  });
  const { project, format, name, version } = input;
  registry.log.info('package removed', { project: project.id, format, package: name, version });
  return removed;
}

/** A version that can be removed in one transaction. */
interface Removable {
  readonly head: StoredHead;
  readonly version: StoredVersion;
  readonly tags: readonly Tag[];
}

/** Reads a version with its tags. If these are too many for one transaction, sets most of them aside first. */
async function readRemovable(
  registry: Registry,
  ref: PackageRef,
  input: VersionRemoval,
  { fate }: Withdrawal,
): Promise<Removable & { readonly readme: Item | undefined }> {
  for (;;) {
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
    const tags = await tagsOf(registry, version);
    await requireUnneeded(registry, version, tags, input.onlyIf);
    if (tags.length <= TAGS_IN_RECORD) return { head, version, readme, tags };
    const byDefault = await defaultTagOf(registry, ref.format);
    // The default tag is moved when the version is removed.
    const others = tags.filter(({ tag }) => tag !== byDefault?.tag);
    await setTagsAside(registry, version, others.slice(TAGS_IN_RECORD - 1), {
      retained: fate === 'retained',
    });
  }
}

/** @throws RegistryError `conflict` if another version uses the version, or a tag points to it where none may */
async function requireUnneeded(
  registry: Registry,
  version: StoredVersion,
  tags: readonly Tag[],
  onlyIf: VersionRemoval['onlyIf'],
): Promise<void> {
  if (onlyIf === undefined) return;
  if (onlyIf === 'untagged and unused' && tags.length > 0) throw new RegistryError('conflict');
  const digest = version.used && parseContentDigest(version.version);
  if (digest && (await isUsed(registry, version, digest))) {
    throw new RegistryError('conflict', 'Another version uses this one; delete that one first');
  }
}

async function planWithdrawal(
  registry: Registry,
  input: VersionRemoval & Withdrawal,
  { head, version, tags }: Removable,
): Promise<{ writes: Write[]; withdrawn: RemovedVersion }> {
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: head.projectId, format: head.format, name: head.name };
  const last = head.versionCount <= 1;
  const empty = last && subpackageCount(head) <= 0;
  // When many versions are removed concurrently, any of them may turn out to be the last.
  const umbrella = await umbrellaOf(registry, ref, umbrellaNameOf(head));
  const withdrawn: RemovedVersion = {
    ...plainEntity(version),
    ...removalBy(registry, input.actor),
    tags,
    ...(input.withPackage !== undefined && { withPackage: input.withPackage }),
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
    { delete: keys.versionId(version) },
    ...(version.apart ? [] : [{ delete: keys.versionHolder(ref, version.version, groupsOf(input.project)) }]),
    ...(await presenceWrites(registry, version, false)),
    ...tags.filter(({ tag }) => tag !== moved?.tag).flatMap((tag) => tagDeletions(version, tag)),
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
  if (tags.length === 0) return undefined;
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
