/**
 * What versions use: package blobs, and other versions of the package. Each use is an item, so that it takes one query to
 * tell whether something is used, whatever the number of versions. A list by version is for its purge.
 */
import type { ContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import { parseVersionName, required, type VersionName } from '../../domain/names.ts';
import { isServed, type PackageRef, type Version } from '../../domain/packages.ts';
import { ConditionFailed, type Item, type Key, type Write } from '../../ports/table.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';
import type { Registry } from '../context.ts';
import { itemOf, type StoredPackageBlob, type StoredVersion } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { type Items, readItems } from '../records/read-items.ts';
import type { RemovedVersion } from '../removal/removed.ts';
import { blobInProject } from './find-blob.ts';
import { mountBlob, neededWrite, type PackageIn } from './hold-blob.ts';
import { mayBeUntagged, mayBeUnused } from './may-be-unused.ts';

/** What a version uses. */
export interface Uses {
  readonly blobs: readonly ContentDigest[];
  /** The digests of other versions, which are their names. */
  readonly versions: readonly ContentDigest[];
}

/** How many uses the transaction of a publish has room for, each with two writes. More are noted before it. */
const AT_ONCE = 28;
const STEP = 48;

/** How many digests one item of the list by version has. */
const LIST = 2000;

/** How long uses of a version that does not exist count, in milliseconds: its publish may be under way. */
const UNPUBLISHED = 60 * 60 * 1000;

/** After how many missing digests the search for others ends. */
const MANY = 100;

/**
 * Reads which of some uses the package lacks: one round trip if it lacks nothing. Blobs that another package of the project
 * holds are mounted. If many are missing, not all of them are returned.
 */
export async function missingUses(
  registry: Registry,
  to: PackageIn,
  uses: Uses,
): Promise<readonly ContentDigest[]> {
  const { project, ref } = to;
  const items = await readItems(registry.table, keysOf(ref, uses));
  const blobs = new Set(uses.blobs);
  const missing: ContentDigest[] = [];
  for (const some of chunk(lacking(ref, uses, items), 20)) {
    await mapConcurrently(some, some.length, async (digest) => {
      const held = blobs.has(digest) ? await blobInProject(registry, project, ref.format, digest) : undefined;
      if (held) await mountBlob(registry, to, held.blob);
      else missing.push(digest);
    });
    if (missing.length >= MANY) break;
  }
  return missing;
}

function keysOf(ref: PackageRef, { blobs, versions }: Uses) {
  return [
    ...blobs.map((digest) => keys.packageBlob(ref, digest)),
    ...versions.map((digest) => keys.version(ref, versionOf(digest))),
  ];
}

function lacking(ref: PackageRef, { blobs, versions }: Uses, items: Items): ContentDigest[] {
  return [
    ...blobs.filter((digest) => {
      const blob = items.get<StoredPackageBlob>(keys.packageBlob(ref, digest));
      return !blob || blob.removedAt !== undefined;
    }),
    ...versions.filter((digest) => {
      const version = items.get<StoredVersion>(keys.version(ref, versionOf(digest)));
      return !version || !isServed(version);
    }),
  ];
}

/** The uses of a version that is being published. */
export interface NotedUses {
  /** The writes for the transaction of the publish. They fail if something that it uses is gone. */
  readonly writes: readonly Write[];
  /** @throws RegistryError `conflict` if something is gone, so that trying again is no use */
  check(): Promise<void>;
}

/**
 * Notes what a version uses, for its publish. Few uses are part of the publish's transaction. Many are noted before it, and
 * keep what they use from then on.
 */
export async function noteUses(
  registry: Registry,
  version: PackageRef & Pick<Version, 'id' | 'version'>,
  uses: Uses | undefined,
): Promise<NotedUses> {
  if (!uses) return { writes: [], async check() {} };
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: version.projectId, format: version.format, name: version.name };
  const use = (digest: ContentDigest): Write => ({
    put: itemOf(keys.use(ref, digest, version.id), { version: version.version, notedAt: now }),
  });
  const pairs = [
    ...uses.blobs.map((digest) => [neededWrite(ref, digest, now), use(digest)]),
    ...uses.versions.map((digest) => [usedWrite(ref, digest), use(digest)]),
  ];
  const lists = listWrites(ref, version.id, uses);
  const check = async () => {
    const [first] = lacking(ref, uses, await readItems(registry.table, keysOf(ref, uses)));
    if (first !== undefined) throw new RegistryError('conflict', `${first} was removed meanwhile`);
  };
  if (pairs.length <= AT_ONCE) return { writes: [...pairs.flat(), ...lists], check };
  const what = { kind: 'uses', id: version.id, version: version.version } as const;
  await registry.table.write([...lists, mayBeUnused(ref, what, now + UNPUBLISHED)]);
  for (const some of chunk(pairs, STEP)) {
    try {
      await registry.table.write(some.flat());
    } catch (error) {
      if (error instanceof ConditionFailed) await check();
      throw error;
    }
  }
  return { writes: [], check };
}

/** Notes in a version that another one uses it: its removal then looks for uses, and fails if one is added meanwhile. */
function usedWrite(ref: PackageRef, digest: ContentDigest): Write {
  const key = keys.version(ref, versionOf(digest));
  return { update: key, add: { additions: 1 }, set: { used: true }, when: { exists: true } };
}

function listWrites(ref: PackageRef, id: number, { blobs, versions }: Uses): Write[] {
  const lists = [
    ...chunk(blobs, LIST).map((digests) => ({ kind: 'blob', digests })),
    ...chunk(versions, LIST).map((digests) => ({ kind: 'version', digests })),
  ];
  return lists.map((list, part) => ({ put: itemOf(keys.uses(ref, id, part), list) }));
}

function chunk<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}

/**
 * Whether a version uses the digest, or one whose publish may be under way.
 * @param by `any` also counts removed versions that can be restored
 */
export async function isUsed(
  registry: Registry,
  ref: PackageRef,
  digest: ContentDigest,
  by: 'existing' | 'any' = 'existing',
): Promise<boolean> {
  const recent = registry.clock.now() - UNPUBLISHED;
  for await (const page of queryPages(registry.table, { ...ranges.usesOf(ref, digest), limit: 30 })) {
    const users = page.map(userOf);
    const items = await readItems(
      registry.table,
      users.flatMap(({ id, version }) => [keys.version(ref, version), keys.removedVersion(ref, id)]),
    );
    const counts = users.some(({ id, version, notedAt }) => {
      if (items.get<StoredVersion>(keys.version(ref, version))?.id === id) return true;
      const removed = items.get<RemovedVersion>(keys.removedVersion(ref, id));
      return removed ? by === 'any' && !removed.purging : notedAt > recent;
    });
    if (counts) return true;
  }
  return false;
}

function userOf({ sk, version, notedAt }: Item) {
  return {
    id: Number(sk.slice(sk.lastIndexOf('#') + 1)),
    version: version as VersionName,
    notedAt: Number(notedAt),
  };
}

interface UsesList {
  readonly kind: 'blob' | 'version';
  readonly digests: readonly ContentDigest[];
  readonly key: Key;
}

/** All that a version uses. */
async function* listsOf(
  { table }: Pick<Registry, 'table'>,
  { id, ...ref }: PackageRef & Pick<Version, 'id'>,
): AsyncGenerator<UsesList> {
  for await (const items of queryPages(table, ranges.usesBy(ref, id))) {
    for (const { pk, sk, kind, digests } of items) {
      yield { kind, digests, key: { pk, sk } } as unknown as UsesList;
    }
  }
}

/** Shows the bytes that a restored version uses again, where they were removed meanwhile. */
export async function showUses(registry: Registry, version: PackageRef & Pick<Version, 'id'>): Promise<void> {
  for await (const { kind, digests } of listsOf(registry, version)) {
    if (kind === 'version') continue;
    for (const digest of digests) {
      await registry.table
        .write([neededWrite(version, digest, registry.clock.now())])
        .catch((error: unknown) => {
          if (!(error instanceof ConditionFailed)) throw error;
        });
    }
  }
}

/**
 * Deletes what was noted about the uses of a version that is being purged or does not exist, and notes that what it used
 * may be unused. Can be repeated after an interruption: the list goes last.
 */
export async function forgetUses(
  registry: Registry,
  { projectId, format, name, id }: PackageRef & Pick<Version, 'id'>,
): Promise<void> {
  const { table, clock } = registry;
  const ref: PackageRef = { projectId, format, name };
  const now = clock.now();
  for await (const { kind, digests, key } of listsOf(registry, { ...ref, id })) {
    const noted = (digest: ContentDigest) =>
      kind === 'blob' ? mayBeUnused(ref, { kind, digest }, now) : mayBeUntagged(registry, ref, digest);
    for (const some of chunk(digests, 50)) {
      await table.write(some.flatMap((digest) => [{ delete: keys.use(ref, digest, id) }, noted(digest)]));
    }
    await table.write([{ delete: key }]);
  }
}

function versionOf(digest: ContentDigest): VersionName {
  return required('version', parseVersionName(digest));
}
