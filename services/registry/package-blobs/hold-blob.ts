import type { Project } from '../../domain/accounts.ts';
import { algorithmOfDigest, type ContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageBlob, PackageRef, StagedBytes } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { rootOf } from '../packages/package-writes.ts';
import { retryPublish } from '../packages/retry-publish.ts';
import { type BlobRecord, itemOf, type StoredPackageBlob } from '../records/entities.ts';
import { escapePart, indexes, inIndex1, inIndex2, keys, padId } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';

import { mayBeUnused, UNUSED_BLOB } from './may-be-unused.ts';

/** A package, and the project that it is in. */
export interface PackageIn {
  readonly project: Project;
  readonly ref: PackageRef;
}

/** Bytes, and the digest by which a package is to hold them. */
export type Held = StagedBytes & { readonly digest: ContentDigest };

/** Returns writes of a transaction that may be attempted several times. */
export type MoreWrites = () => Promise<readonly Write[]>;

/**
 * Lets a package hold staged bytes by their digest: one more reference to them. If it already holds them, nothing changes,
 * except that bytes which were removed are there again. The staged ones are deleted if they are already stored.
 * @param also returns more writes of the same transaction, for each attempt
 * @throws RegistryError `projectNotFound` if the project was deleted meanwhile
 */
export async function holdBlob(
  registry: Registry,
  to: PackageIn,
  staged: Held,
  also: MoreWrites = async () => [],
): Promise<PackageBlob> {
  const { blob, redundant } = await hold(registry, to, staged, { also, staged: true });
  await discard(registry, redundant);
  return blob;
}

/**
 * Lets a package hold bytes that another one holds, without a transfer. The caller must have been allowed to read them.
 * @throws RegistryError `fileNotFound` if they are gone meanwhile
 */
export async function mountBlob(registry: Registry, to: PackageIn, held: PackageBlob): Promise<PackageBlob> {
  return (await hold(registry, to, held, { also: async () => [], staged: false })).blob;
}

async function hold(
  registry: Registry,
  { project, ref }: PackageIn,
  held: Held,
  { also, staged }: { readonly also: MoreWrites; readonly staged: boolean },
): Promise<{ readonly blob: PackageBlob; readonly redundant: readonly StagedBytes[] }> {
  const key = keys.packageBlob(ref, held.digest);
  const blobs = referenceBlobs([held]);
  return retryPublish(registry, { ...project, published: false }, async () => {
    const now = registry.clock.now();
    const items = await readItems(registry.table, [key, keys.blob(held.digests.sha256), ...blobs.keys]);
    const existing = items.get<StoredPackageBlob>(key);
    if (existing) {
      await registry.table.write([
        { check: keys.project(project.id), when: { exists: true } },
        neededWrite(ref, existing.digest, now),
        ...(await also()),
      ]);
      return { blob: existing, redundant: existing.storageKey === held.storageKey ? [] : [held] };
    }
    // Without a record, bytes that are not staged are being deleted.
    if (!staged && !items.get<BlobRecord>(keys.blob(held.digests.sha256))) {
      throw new RegistryError('fileNotFound');
    }
    const plan = blobs.plan(items);
    const { digest, digests, size } = held;
    const blob: PackageBlob = { digest, digests, size, storageKey: plan.storageKey(held), createdAt: now };
    await registry.table.write([
      { check: keys.project(project.id), when: { exists: true } },
      { put: packageBlobItem(project, ref, blob), when: { exists: false } },
      mayBeUnused(ref, { kind: 'blob', digest }, now + UNUSED_BLOB),
      ...plan.writes,
      ...(await also()),
    ]);
    return { blob, redundant: plan.redundant };
  });
}

/**
 * Returns the write that notes that somebody needs what a package holds, and shows it if it was removed. It fails if the
 * package does not hold it.
 */
export function neededWrite(ref: PackageRef, digest: ContentDigest, now: number): Write {
  const set = { usedAt: now, removedAt: undefined };
  return { update: keys.packageBlob(ref, digest), add: { touches: 1 }, set, when: { exists: true } };
}

function packageBlobItem(project: Project, ref: PackageRef, blob: PackageBlob) {
  const name = escapePart(ref.name);
  const at = `${padId(rootOf(project))}#${padId(project.id)}#${ref.format}#${name}`;
  return itemOf(
    keys.packageBlob(ref, blob.digest),
    { ...blob, projectId: ref.projectId, format: ref.format, name: ref.name, touches: 0 },
    {
      ...inIndex1(indexes.holding(blob.digest).pk, at),
      ...inIndex2(indexes.packageBlobsIn(project.id).pk, `${ref.format}#${name}#${blob.digest}`),
    },
  );
}

/** Whether bytes have the digest. */
export function hasDigest({ digests }: StagedBytes, digest: ContentDigest): boolean {
  const algorithm = algorithmOfDigest(digest);
  return digest === `${algorithm}:${digests[algorithm]}`;
}
