/** A version published in several transactions is claimed first, and hidden from reads until the last of them. */
import type { PackageFile, PackageRef } from '../../domain/packages.ts';
import { ConditionFailed, type Key, type Write } from '../../ports/table.ts';
import { releaseBlobs } from '../blobs/release-blobs.ts';
import type { Registry } from '../context.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import type { StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { filesOfVersion } from '../removal/removed.ts';
import { moveHead } from './move-head.ts';

/**
 * A claim without a step for this many milliseconds counts as abandoned. A step takes a few, and at most a second.
 */
const CLAIM_LIFE = 60_000;

/** How many files one transaction removes: each takes two writes, or up to six if it is in indexes. */
const FILES_AT_ONCE = 45;
const INDEXED_AT_ONCE = 14;

/**
 * Returns a stored version, which may be claimed by a publish in progress. An abandoned publish is undone, and
 * undefined is returned.
 */
export async function currentVersion<M>(
  registry: Registry,
  version: StoredVersion<M> | undefined,
): Promise<StoredVersion<M> | undefined> {
  if (!version?.claim || !isAbandoned(registry, version)) return version;
  return (await undoClaim(registry, version)) ? undefined : version;
}

/**
 * Returns whether a claim has had no step for too long, or is already being undone, which any process may help
 * with.
 */
export function isAbandoned(
  { clock }: Pick<Registry, 'clock'>,
  { claim, updatedAt }: StoredVersion,
): boolean {
  return claim === 'undoing' || (claim === 'open' && clock.now() - updatedAt > CLAIM_LIFE);
}

/**
 * Removes a claimed version with the files added so far. It may be interrupted and called again, also
 * concurrently. Returns false if the publish has made a step since the version was read.
 */
export async function undoClaim(registry: Registry, version: StoredVersion): Promise<boolean> {
  const { id, claim, updatedAt } = version;
  if (claim !== 'undoing' && !(await fence(registry, version, { id, claim: 'open', updatedAt })))
    return false;
  await removeClaimed(registry, version);
  return true;
}

/** Removes what a failed publish has claimed; does nothing if the publish is complete or already undone. */
export async function undoOwnClaim(registry: Registry, version: StoredVersion): Promise<void> {
  if (await fence(registry, version, { id: version.id, claim: 'open' }))
    await removeClaimed(registry, version);
}

/** Prevents further steps of the publish. Returns false if the version is not as expected. */
async function fence(
  { table, clock }: Registry,
  version: StoredVersion,
  equals: Readonly<Record<string, string | number>>,
): Promise<boolean> {
  const key = keys.version(version, version.version);
  try {
    await table.write([{ update: key, set: { claim: 'undoing', updatedAt: clock.now() }, when: { equals } }]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}

async function removeClaimed(registry: Registry, version: StoredVersion): Promise<void> {
  const { table } = registry;
  const { projectId, format, name, id } = version;
  const ref: PackageRef = { projectId, format, name };
  const key = keys.version(ref, version.version);
  const undoing = { equals: { id, claim: 'undoing' } };
  await retryChanged(async () => {
    if ((await table.get(key))?.id !== id) return;
    const files = await filesOfVersion(registry, ref, version);
    const all = files.map(({ file }) => file);
    while (files.length > 0) {
      const some = files.splice(0, version.indexed ? INDEXED_AT_ONCE : FILES_AT_ONCE);
      const releases = await releaseBlobs(
        registry,
        some.map(({ file }) => file),
      );
      await table.write([
        { check: key, when: undoing },
        ...some.map(({ key: at, file }): Write => ({ delete: at, when: { equals: { id: file.id } } })),
        ...releases,
        ...indexWrites(ref, {
          removed: some.map(({ file }) => file),
          listings: files.length === 0 ? [{ versionId: id, files: all, listed: true }] : [],
        }),
      ]);
    }
    await table.write([
      { delete: key, when: undoing },
      { delete: keys.claim(id) },
      ...(await revisionWrites(registry, ref)),
    ]);
  });
  const fields = { project: projectId, format, package: name, version: version.version };
  registry.log.info('unfinished publish undone', fields);
}

/**
 * Moves the package's revision. Files of the claim may have displaced files of a removed version, and a restore that
 * has already read its files must read them again.
 */
async function revisionWrites({ table, clock }: Registry, ref: PackageRef): Promise<Write[]> {
  const head = await table.get(keys.head(ref));
  return head ? moveHead(ref, clock.now(), { touched: [], when: { exists: true } }) : [];
}

/** Returns the existing files under some keys, regardless of their version, except those of the claim `undone`. */
export function filesUnder(
  items: Items,
  keys: readonly Key[],
  undone?: StoredVersion,
): (PackageFile | undefined)[] {
  return keys.map((key) => {
    const file = items.get<PackageFile>(key);
    return file?.versionId === undone?.id ? undefined : file;
  });
}
