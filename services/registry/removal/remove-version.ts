import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { ListedPackage, PackageRef, Tag, Version } from '../../domain/packages.ts';
import { type Condition, MAX_WRITES, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { presenceWrites } from '../indexes/restate-files.ts';
import { unlistingWrites } from '../packages/listings.ts';
import { moveHead } from '../packages/move-head.ts';
import { unlistWrites } from '../packages/package-writes.ts';
import {
  entityOf,
  itemOf,
  maybeEntity,
  plainEntity,
  type StoredHead,
  type StoredVersion,
} from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { purgeVersion } from './purge.ts';
import { type RemovedVersion, removalBy, removedVersionItem } from './removed.ts';

/** Which version to remove, and who does it. */
export interface VersionRemoval {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: string;
  readonly version: string;
  /** Only the version of this id, and not one that was published in its place. */
  readonly id?: number;
}

/** What becomes of a withdrawn version: it can be restored for a while, or is purged right away. */
type Fate = 'retained' | 'purged';

/**
 * Removes a version with its files and the tags that name it, in one transaction. It can be restored until its retention
 * is over; where nothing is retained it is purged at once.
 * @throws RegistryError `packageNotFound` when there is no such version.
 */
export async function removeVersion(registry: Registry, input: VersionRemoval): Promise<void> {
  const fate = registry.settings.retention === 0 ? 'purged' : 'retained';
  const removed = await withdrawVersion(registry, input, fate);
  if (fate === 'purged') await purgeVersion(registry, removed);
}

/** Removes every version of a package; answers how many there were. */
export async function removePackage(
  registry: Registry,
  input: Omit<VersionRemoval, 'version' | 'id'>,
): Promise<number> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const items = await queryAll(registry.table, ranges.versions(ref));
  for (const item of items) {
    const { version } = entityOf<Version>(item);
    await unlessGone(() => removeVersion(registry, { ...input, version }));
  }
  return items.length;
}

/** Runs a removal; that there is nothing to remove is no error. */
export async function unlessGone(removal: () => Promise<unknown>): Promise<void> {
  try {
    await removal();
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === 'packageNotFound')) throw error;
  }
}

/** Takes a version out of every read, in one transaction that fails when the version has changed meanwhile. */
export async function withdrawVersion(
  registry: Registry,
  input: VersionRemoval,
  fate: Fate,
): Promise<RemovedVersion> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
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
    const { writes, withdrawn } = await withdrawal(registry, { ...input, fate }, head, version);
    if (readme) {
      writes.push({ delete: keys.readme(ref, version.version) });
      writes.push({ put: itemOf(keys.removedReadme(ref, version.id), { text: String(readme.text) }) });
    }
    if (writes.length > MAX_WRITES) {
      throw new RegistryError('conflict', 'Too many tags name this version: remove some of them first');
    }
    await registry.table.write(writes);
    if (head.versionCount > FEW_VERSIONS) await unlistEmpty(registry, input.project, ref);
    return withdrawn;
  });
  const { project, format, name, version } = input;
  registry.log.info('package removed', { project: project.id, format, package: name, version });
  return removed;
}

async function withdrawal(
  registry: Registry,
  input: VersionRemoval & { readonly fate: Fate },
  head: StoredHead,
  version: StoredVersion,
): Promise<{ writes: Write[]; withdrawn: RemovedVersion }> {
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: head.projectId, format: head.format, name: head.name };
  const tagItems = await queryAll(registry.table, ranges.tags(ref));
  const tags = tagItems
    .map((item) => plainEntity(entityOf<Tag>(item)))
    .filter((tag) => tag.version === version.version);
  const last = head.versionCount <= 1;
  const empty = last && (head.listedCount ?? 0) <= 0;
  const listed = last ? await listedAs(registry, ref, head.listedBy) : undefined;
  const withdrawn: RemovedVersion = {
    ...plainEntity(version),
    ...removalBy(registry, input.actor),
    tags,
    ...(input.fate === 'purged' && { purging: true as const }),
    ...(listed &&
      head.listedBy !== undefined && { listing: { name: head.listedBy, metadata: listed.metadata } }),
  };
  const writes: Write[] = [
    ...moveHead(ref, now, {
      touched: [version.version],
      add: { versionCount: -1 },
      set: { live: empty ? undefined : true, ...(last && { listedBy: undefined }) },
      when: { equals: last ? { revision: head.revision } : stillMore(head) },
    }),
    { delete: keys.version(ref, version.version), when: asRead(version) },
    { put: removedVersionItem(ref, withdrawn) },
    { delete: keys.packageId(ref.projectId, version.id) },
    ...(await presenceWrites(registry, version, false)),
    ...tags.map(
      ({ tag }): Write => ({
        delete: keys.tag(ref, tag),
        when: { equals: { version: version.version } },
      }),
    ),
    ...(empty ? unlistWrites(input.project, ref, now) : []),
    ...(last && head.listedBy !== undefined
      ? await unlistingWrites(registry, input.project, ref, head.listedBy)
      : []),
    recordEvent(now, {
      ...eventFacts(input, version.version),
      type: 'package_deleted',
      details: { id: version.id },
    }),
  ];
  return { writes, withdrawn };
}

/** How another name lists a package. */
async function listedAs(
  { table }: Registry,
  ref: PackageRef,
  listedBy: string | undefined,
): Promise<ListedPackage | undefined> {
  if (listedBy === undefined) return undefined;
  return maybeEntity<ListedPackage>(await table.get(keys.listed({ ...ref, name: listedBy }, ref.name)));
}

/** The version as it was read: adding files or tags to it, or changing its metadata, makes the condition fail. */
export function asRead({ id, updatedAt, additions }: StoredVersion): Condition {
  return { equals: { id, updatedAt, additions } };
}

/** Up to this many versions, each removal checks their exact count: it may remove the last but one. */
const FEW_VERSIONS = 20;

/** What must hold of the head of a package with further versions. Many versions may be removed at the same time. */
function stillMore({
  versionCount,
}: StoredHead): { readonly versionCount: number } | { readonly live: true } {
  return versionCount <= FEW_VERSIONS ? { versionCount } : { live: true };
}

/** Takes a name out of the indexes when concurrent removals, each of them one of many, took its last versions. */
async function unlistEmpty(registry: Registry, project: Project, ref: PackageRef): Promise<void> {
  await retryChanged(async () => {
    const head = maybeEntity<StoredHead>(await registry.table.get(keys.head(ref)));
    if (!head?.live || head.versionCount > 0 || (head.listedCount ?? 0) > 0) return;
    const now = registry.clock.now();
    await registry.table.write([
      ...moveHead(ref, now, {
        touched: [],
        set: { live: undefined },
        when: { equals: { revision: head.revision } },
      }),
      ...unlistWrites(project, ref, now),
    ]);
  });
}
