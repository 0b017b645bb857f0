import type { Registry } from '../../context.ts';
import { isAbandoned, undoClaim } from '../../packages/claim-version.ts';
import { entityOf, maybeEntity, type StoredClaim, type StoredVersion } from '../../records/entities.ts';
import { keys, ranges } from '../../records/keys.ts';
import { queryPages } from '../../records/query-all.ts';

/**
 * Undoes publishes in steps whose process was killed, so that the blobs of their files are not kept forever. Stops
 * at `signal`. May run concurrently with publishes and other sweeps.
 */
export async function sweepClaims(registry: Registry, signal?: AbortSignal): Promise<void> {
  for await (const items of queryPages(registry.table, { ...ranges.claims(), limit: 100 })) {
    for (const item of items) {
      if (signal?.aborted) return;
      const claim = entityOf<StoredClaim>(item);
      const version = maybeEntity<StoredVersion>(
        await registry.table.get(keys.version(claim, claim.version)),
      );
      if (version?.id === claim.id && isAbandoned(registry, version)) await undoClaim(registry, version);
    }
  }
}
