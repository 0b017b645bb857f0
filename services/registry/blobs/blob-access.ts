import { RegistryError } from '../../domain/errors.ts';
import type { StagedBlob } from '../../domain/packages.ts';
import type { RandomAccess } from '../../shared/archive/zip-entries.ts';
import type { Registry } from '../context.ts';

/**
 * Any part of a stored blob's bytes, for archives whose directory is at their end.
 * @throws RegistryError `storageUnavailable` from `read`, when the blob is not there.
 */
export function blobAccess(registry: Registry, blob: Pick<StagedBlob, 'storageKey' | 'size'>): RandomAccess {
  return {
    size: blob.size,
    async read(start, end) {
      const content = await registry.blobs.get(blob.storageKey, { start, end: end - 1 });
      if (!content) throw new RegistryError('storageUnavailable');
      return new Uint8Array(await new Response(content.body).arrayBuffer());
    },
  };
}
