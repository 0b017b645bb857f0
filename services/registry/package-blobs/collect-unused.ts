/**
 * Removes what packages hold but no longer need: bytes that no version uses and, in formats whose versions stay out of the
 * lists, versions without a tag that no other version uses, including those whose subject is gone. Every change that may
 * leave something unused adds a note with the time from which to check it, so this job reads only notes that are due.
 */

import type { Project } from '../../domain/accounts.ts';
import { type ContentDigest, parseContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import { parseVersionName, required } from '../../domain/names.ts';
import type { PackageRef, Version } from '../../domain/packages.ts';
import { ConditionFailed, type Item } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { system } from '../events/record-event.ts';
import { entityOf, maybeEntity, type StoredPackageBlob, type StoredVersion } from '../records/entities.ts';
import { indexes, keys } from '../records/keys.ts';
import { packageOfKey } from '../records/parse-keys.ts';
import { queryPages } from '../records/query-all.ts';
import { removeVersion } from '../removal/remove-version.ts';
import { tagsOf } from '../removal/removed-tags.ts';
import { type MayBeUnused, mayBeUnused, UNUSED_BLOB } from './may-be-unused.ts';
import { readBlob, releaseWrites } from './remove-blob.ts';
import { forgetUses, isUsed } from './uses.ts';

/** Collects what is due, until `signal` aborts. Returns whether nothing due is left. */
export async function collectUnused(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  const end = new Date(registry.clock.now()).toISOString();
  for await (const items of queryPages(registry.table, { ...indexes.unused, limit: 100 })) {
    for (const item of items) {
      if (String(item.index2sk) >= end) return true;
      if (signal?.aborted) return false;
      await collect(registry, item);
    }
  }
  return true;
}

async function collect(registry: Registry, item: Item): Promise<void> {
  const { pk, sk, due } = item;
  const ref = packageOfKey(item);
  const what = entityOf<MayBeUnused>(item);
  const later = await collectIfUnused(registry, ref, what);
  const when = { equals: { due: Number(due) } };
  const noted =
    later === undefined ? { delete: { pk, sk }, when } : { ...mayBeUnused(ref, what, later), when };
  try {
    await registry.table.write([noted]);
  } catch (error) {
    // It was noted again meanwhile.
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** Collects something unless it is needed. Returns when to look again, if that is too early to tell. */
async function collectIfUnused(
  registry: Registry,
  ref: PackageRef,
  what: MayBeUnused,
): Promise<number | undefined> {
  if (what.kind === 'uses') {
    await forgetUnpublishedUses(registry, { ...ref, id: what.id, version: what.version });
    return undefined;
  }
  const digest = parseContentDigest(what.digest);
  if (digest === undefined) return undefined;
  if (what.kind === 'blob') {
    const blob = await readBlob(registry, ref, digest);
    return blob && collectBlob(registry, ref, blob);
  }
  await collectVersion(registry, ref, digest);
  return undefined;
}

/** Forgets the uses of a version that does not exist: its publish failed or broke off. */
async function forgetUnpublishedUses(
  registry: Registry,
  version: PackageRef & Pick<Version, 'id' | 'version'>,
): Promise<void> {
  const [stored, removed] = await registry.table.getMany([
    keys.version(version, version.version),
    keys.removedVersion(version, version.id),
  ]);
  if (stored?.id === version.id || removed) return;
  await forgetUses(registry, version);
}

async function collectBlob(
  registry: Registry,
  ref: PackageRef,
  blob: StoredPackageBlob,
): Promise<number | undefined> {
  const due = (blob.usedAt ?? blob.createdAt) + UNUSED_BLOB;
  if (due > registry.clock.now()) return due;
  if (await isUsed(registry, ref, blob.digest, 'any')) return undefined;
  try {
    await registry.table.write(await releaseWrites(registry, ref, blob));
    registry.log.info('unused blob removed', {
      project: ref.projectId,
      package: ref.name,
      digest: blob.digest,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Somebody needed it meanwhile, or another blob with the same bytes was removed.
    return registry.clock.now() + UNUSED_BLOB;
  }
}

async function collectVersion(registry: Registry, ref: PackageRef, digest: ContentDigest): Promise<void> {
  const [versionItem, projectItem] = await registry.table.getMany([
    keys.version(ref, required('version', parseVersionName(digest))),
    keys.project(ref.projectId),
  ]);
  const version = maybeEntity<StoredVersion>(versionItem);
  const project = maybeEntity<Project>(projectItem);
  if (!version || !project || version.claim || (await tagsOf(registry, version)).length > 0) return;
  // If it is a publish under way that uses it and fails, forgetting its uses adds another note.
  if (await isUsed(registry, version, digest, 'any')) return;
  const { subject } = version;
  if (subject !== undefined && (await registry.table.get(keys.version(version, subject)))) return;
  const { format, name, id } = version;
  const removal = { project, actor: system, format, name, version: version.version, id };
  try {
    await removeVersion(registry, { ...removal, onlyIf: 'untagged and unused' });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    registry.log.info('version kept', {
      project: project.id,
      package: name,
      version: version.version,
      error,
    });
  }
}

/** Releases everything that the packages of a project hold, until `signal` aborts. For a project that is purged. */
export async function releaseAllBlobs(
  registry: Registry,
  projectId: number,
  signal?: AbortSignal,
): Promise<boolean> {
  for await (const items of queryPages(registry.table, {
    ...indexes.packageBlobsIn(projectId),
    limit: 100,
  })) {
    for (const item of items) {
      if (signal?.aborted) return false;
      const ref = packageOfKey(item);
      try {
        await registry.table.write(await releaseWrites(registry, ref, entityOf<StoredPackageBlob>(item)));
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error;
      }
    }
  }
  return true;
}
