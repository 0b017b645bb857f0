import { randomUUID } from 'node:crypto';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, maybeEntity } from '../records/entities.ts';
import { type IndexRef, keys } from '../records/keys.ts';
import type { BuildLease } from './records.ts';

/** Lifetime of a lease, and the interval in which a builder renews it, in milliseconds. */
export const LEASE = 20_000;
const RENEW = 5_000;

/** How long readers leave an index to the job after one of them ran out of time to build it, in milliseconds. */
export const LEFT = 5 * 60_000;

/** Thrown when another builder has taken over, because this one did not renew its lease in time. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The right to build an index, held by one process at a time. */
export interface Lease {
  /** The number of this build, higher than those of all earlier builds. */
  readonly generation: number;
  /** Returns a check that makes a transaction fail if another builder has the lease. */
  held(): Write;
  /** Renews the lease when due. @throws LeaseLost if another builder has it */
  keep(): Promise<void>;
  /** Releases the lease, unless it is lost. With `left`, readers leave the index to the job for a while. */
  release(left: boolean): Promise<void>;
}

/** Who builds: a reader that waits for the index, or a job. */
export type Builder = 'reader' | 'job';

/**
 * Takes the lease; returns undefined if another builder has it. An expired lease is taken over, and so is one with
 * an impossible expiry time from a wrong clock. From then on, writes of its former holder are refused.
 */
export async function takeLease(
  registry: Registry,
  ref: IndexRef,
  builder: Builder,
): Promise<Lease | undefined> {
  const { table, clock } = registry;
  const key = keys.indexLease(ref);
  const before = maybeEntity<BuildLease>(await table.get(key));
  const now = clock.now();
  if (before && before.until > now && before.until <= now + 2 * LEASE) return undefined;
  const { leftUntil = 0 } = before ?? {};
  if (builder === 'reader' && leftUntil > now && leftUntil <= now + LEFT) return undefined;
  const lease: BuildLease = {
    owner: randomUUID(),
    generation: (before?.generation ?? 0) + 1,
    until: now + LEASE,
  };
  const when = before
    ? { equals: { generation: before.generation, until: before.until } }
    : { exists: false };
  try {
    await table.write([{ put: itemOf(key, lease), when }]);
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
  return heldLease(registry, ref, lease);
}

function heldLease({ table, clock }: Registry, ref: IndexRef, lease: BuildLease): Lease {
  const key = keys.indexLease(ref);
  const mine = { equals: { owner: lease.owner } };
  let renewedAt = clock.now();
  return {
    generation: lease.generation,
    held: () => ({ check: key, when: mine }),
    async keep() {
      const now = clock.now();
      if (now - renewedAt < RENEW) return;
      try {
        await table.update(key, { set: { until: now + LEASE } }, mine);
      } catch (error) {
        if (error instanceof ConditionFailed) throw new LeaseLost('another builder took over');
        throw error;
      }
      renewedAt = now;
    },
    async release(left) {
      const leftUntil = left ? clock.now() + LEFT : undefined;
      try {
        await table.update(key, { set: { until: 0, leftUntil } }, mine);
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error;
      }
    },
  };
}
