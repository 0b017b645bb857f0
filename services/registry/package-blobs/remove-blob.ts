import type { ContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import { releaseBlobs } from '../blobs/release-blobs.ts';
import type { Registry } from '../context.ts';
import { maybeEntity, type StoredPackageBlob } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { isUsed } from './uses.ts';

/**
 * Removes bytes that a package holds. If versions that can be restored use them, they are only hidden until those are purged.
 * @throws RegistryError `fileNotFound` if the package does not hold them, `conflict` if a version uses them
 */
export async function removePackageBlob(
  registry: Registry,
  ref: PackageRef,
  digest: ContentDigest,
): Promise<void> {
  await retryChanged(async () => {
    const blob = await readBlob(registry, ref, digest);
    if (!blob || blob.removedAt !== undefined) throw new RegistryError('fileNotFound');
    if (await isUsed(registry, ref, digest)) {
      throw new RegistryError('conflict', 'A manifest uses this blob; delete the manifest first');
    }
    if (await isUsed(registry, ref, digest, 'any')) {
      const removedAt = registry.clock.now();
      await registry.table.write([
        { update: keys.packageBlob(ref, digest), set: { removedAt }, when: unchanged(blob) },
      ]);
    } else {
      await registry.table.write(await releaseWrites(registry, ref, blob));
    }
  });
}

/** Reads bytes that a package holds, whether they are removed or not. */
export async function readBlob(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
  digest: ContentDigest,
): Promise<StoredPackageBlob | undefined> {
  return maybeEntity<StoredPackageBlob>(await table.get(keys.packageBlob(ref, digest)));
}

/** Returns the writes after which a package no longer holds bytes. They fail if somebody needs them meanwhile. */
export async function releaseWrites(
  registry: Registry,
  ref: PackageRef,
  blob: StoredPackageBlob,
): Promise<Write[]> {
  return [
    { delete: keys.packageBlob(ref, blob.digest), when: unchanged(blob) },
    ...(await releaseBlobs(registry, [blob])),
  ];
}

function unchanged({ touches }: StoredPackageBlob) {
  return { exists: true, equals: { touches } };
}
