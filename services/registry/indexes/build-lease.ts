import { randomUUID } from 'node:crypto';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, maybeEntity } from '../records/entities.ts';
import { type IndexRef, keys } from '../records/keys.ts';
import type { BuildLease } from './records.ts';

/** For how long a builder that is not heard of keeps others away, in milliseconds, and how soon it renews its lease. */
export const LEASE = 20_000;
const RENEW = 5_000;

/** For how long readers leave an index to the job that none of them has had the time to build, in milliseconds. */
export const LEFT = 5 * 60_000;

/** Thrown when another builder has taken over, because this one was silent for too long. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The right to build an index, held by one process at a time. */
export interface Lease {
  /** The number of this build: higher than that of every build before it. */
  readonly generation: number;
  /** Makes a transaction fail if the lease has gone to another. */
  held(): Write;
  /** Renews the lease when it is time. @throws LeaseLost when another has it. */
  keep(): Promise<void>;
  /** Gives the lease back, unless it is lost anyway; `left` says that readers had better leave the index to the job. */
  release(left: boolean): Promise<void>;
}

/** Who wants to build: somebody who waits to read the index, or one who has time. */
export type Builder = 'reader' | 'job';

/**
 * Takes the lease, or answers undefined while another builder has it. A lease whose time is over is taken away, and so
 * is one that a clock that goes wrong has given a time it can't have: what its holder writes is refused from then on.
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
