/**
 * What packages hold and nobody needs any more: bytes that no version uses, and, of formats whose versions stay out of the
 * lists, versions without a tag that no other version uses or that describe one which is gone. Whatever may have come to
 * that is noted with the time from which it counts, so that nothing is ever searched for it.
 */

import type { Project } from '../../domain/accounts.ts';
import { type ContentDigest, parseContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import { parseVersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import { ConditionFailed, type Item } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { system } from '../events/record-event.ts';
import { entityOf, maybeEntity, type StoredPackageBlob, type StoredVersion } from '../records/entities.ts';
import { indexes, keys } from '../records/keys.ts';
import { packageOfKey } from '../records/parse-keys.ts';
import { queryPages } from '../records/query-all.ts';
import { removeVersion } from '../removal/remove-version.ts';
import { tagsOf } from '../removal/removed-tags.ts';
import { mayBeUnused, UNUSED_BLOB } from './may-be-unused.ts';
import { releaseWrites } from './remove-blob.ts';
import { isUsed } from './uses.ts';

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
  const digest = parseContentDigest(String(item.digest));
  const later = digest && (await collectDigest(registry, ref, digest));
  const when = { equals: { due: Number(due) } };
  const noted =
    later === undefined ? { delete: { pk, sk }, when } : { ...mayBeUnused(ref, digest ?? '', later), when };
  try {
    await registry.table.write([noted]);
  } catch (error) {
    // It was noted again meanwhile.
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** Collects what has a digest, unless it is needed. Returns when to look again, if that is too early to tell. */
async function collectDigest(
  registry: Registry,
  ref: PackageRef,
  digest: ContentDigest,
): Promise<number | undefined> {
  const version = parseVersionName(digest);
  const [blobItem, versionItem, projectItem] = await registry.table.getMany([
    keys.packageBlob(ref, digest),
    ...(version === undefined ? [] : [keys.version(ref, version)]),
    keys.project(ref.projectId),
  ]);
  const blob = maybeEntity<StoredPackageBlob>(blobItem);
  const stored = maybeEntity<StoredVersion>(versionItem);
  const project = maybeEntity<Project>(projectItem);
  const later = blob && (await collectBlob(registry, ref, blob));
  if (stored && project) await collectVersion(registry, project, stored, digest);
  return later;
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

async function collectVersion(
  registry: Registry,
  project: Project,
  version: StoredVersion,
  digest: ContentDigest,
): Promise<void> {
  if (version.claim || (await tagsOf(registry, version)).length > 0) return;
  if (await isUsed(registry, version, digest)) return;
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
