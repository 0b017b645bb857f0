/**
 * What versions use: package blobs, and other versions of the package. Each use is an item, so that it takes one query to
 * tell whether something is used, whatever the number of versions. A list by version is for its purge.
 */
import type { ContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import { parseVersionName, required, type VersionName } from '../../domain/names.ts';
import { isServed, type PackageRef, type Version } from '../../domain/packages.ts';
import { ConditionFailed, type Item, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, type StoredPackageBlob, type StoredVersion } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { blobInProject } from './find-blob.ts';
import { mountBlob, neededWrite, type PackageIn } from './hold-blob.ts';

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

/**
 * Reads which of some uses the package lacks: one round trip. Blobs that another package of the project holds are mounted.
 */
export async function missingUses(
  registry: Registry,
  to: PackageIn,
  uses: Uses,
): Promise<readonly ContentDigest[]> {
  const { project, ref } = to;
  const items = await readItems(registry.table, keysOf(ref, uses));
  const missing: ContentDigest[] = [];
  for (const digest of lacking(ref, uses, items)) {
    const held = uses.blobs.includes(digest)
      ? await blobInProject(registry, project, ref.format, digest)
      : undefined;
    if (held) await mountBlob(registry, to, held.blob);
    else missing.push(digest);
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
  const lists = listWrites(ref, version.id, [...uses.blobs, ...uses.versions]);
  const check = async () => {
    const [first] = lacking(ref, uses, await readItems(registry.table, keysOf(ref, uses)));
    if (first !== undefined) throw new RegistryError('conflict', `${first} was removed meanwhile`);
  };
  if (pairs.length <= AT_ONCE) return { writes: [...pairs.flat(), ...lists], check };
  await registry.table.write(lists);
  for (let start = 0; start < pairs.length; start += STEP) {
    try {
      await registry.table.write(pairs.slice(start, start + STEP).flat());
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

function listWrites(ref: PackageRef, id: number, digests: readonly ContentDigest[]): Write[] {
  const writes: Write[] = [];
  for (let part = 0; part * LIST < digests.length; part++) {
    const some = digests.slice(part * LIST, (part + 1) * LIST);
    writes.push({ put: itemOf(keys.uses(ref, id, part), { digests: some }) });
  }
  return writes;
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
      const removed = items.get(keys.removedVersion(ref, id)) !== undefined;
      return removed ? by === 'any' : notedAt > recent;
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

/** All that a version uses. */
export async function* usesOf(
  { table }: Pick<Registry, 'table'>,
  { id, ...ref }: PackageRef & Pick<Version, 'id'>,
): AsyncGenerator<{ readonly digests: readonly ContentDigest[]; readonly item: Item }> {
  for await (const items of queryPages(table, ranges.usesBy(ref, id))) {
    for (const item of items) yield { digests: item.digests as readonly ContentDigest[], item };
  }
}

/** Shows what a restored version uses again, where it was removed meanwhile. */
export async function showUses(registry: Registry, version: PackageRef & Pick<Version, 'id'>): Promise<void> {
  for await (const { digests } of usesOf(registry, version)) {
    for (const digest of digests) {
      const shown = neededWrite(version, digest, registry.clock.now());
      // It may be another version rather than bytes.
      await registry.table.write([shown]).catch(ignoreMissing);
    }
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof ConditionFailed)) throw error;
}

/** Deletes what was noted about the uses of a version, for its purge. Returns what may be unused now. */
export async function forgetUses(
  registry: Registry,
  version: PackageRef & Pick<Version, 'id'>,
): Promise<readonly ContentDigest[]> {
  const all: ContentDigest[] = [];
  for await (const { digests, item } of usesOf(registry, version)) {
    for (let start = 0; start < digests.length; start += 100) {
      const some = digests.slice(start, start + 100);
      await registry.table.write(some.map((digest) => ({ delete: keys.use(version, digest, version.id) })));
    }
    await registry.table.write([{ delete: { pk: item.pk, sk: item.sk } }]);
    all.push(...digests);
  }
  return all;
}

function versionOf(digest: ContentDigest): VersionName {
  return required('version', parseVersionName(digest));
}
