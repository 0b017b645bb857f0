import type { BlobDigests, Sha256 } from '../../domain/digests.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type BlobRecord, maybeEntity } from '../records/entities.ts';
import { indexes, inIndex2, keys } from '../records/keys.ts';

/**
 * The writes that remove one reference from each blob. Orphaned blobs are left to the sweep. The writes fail if a
 * reference count has changed since it was read. At most 100 blobs.
 */
export async function releaseBlobs(
  registry: Registry,
  blobs: readonly { readonly digests: BlobDigests }[],
): Promise<Write[]> {
  const counts = new Map<Sha256, number>();
  for (const { digests } of blobs) counts.set(digests.sha256, (counts.get(digests.sha256) ?? 0) + 1);
  const digests = [...counts.keys()];
  const records = await registry.table.getMany(digests.map((sha256) => keys.blob(sha256)));
  const now = registry.clock.now();
  return digests.flatMap((sha256, index): Write[] => {
    const record = maybeEntity<BlobRecord>(records[index]);
    if (!record) return [];
    const left = record.refs - (counts.get(sha256) ?? 0);
    const unreferenced = {
      unreferencedAt: now,
      ...inIndex2(indexes.unreferenced.pk, `${new Date(now).toISOString()}#${sha256}`),
    };
    return [
      {
        update: keys.blob(sha256),
        set: { refs: left, ...(left <= 0 ? unreferenced : {}) },
        when: { equals: { refs: record.refs } },
      },
    ];
  });
}
