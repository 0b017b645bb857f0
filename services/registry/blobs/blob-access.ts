import { RegistryError } from '../../domain/errors.ts';
import type { StagedBlob } from '../../domain/packages.ts';
import type { RandomAccess } from '../../shared/archive/zip-entries.ts';
import type { Registry } from '../context.ts';

/**
 * Random access to the bytes of a stored blob, for archives whose directory is at the end.
 * @throws RegistryError `storageUnavailable` from `read`, if the blob is missing.
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
