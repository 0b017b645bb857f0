import type { Registry } from '../../context.ts';
import { retryChanged } from '../../records/retry-changed.ts';
import { moveSchema, readSchema, SCHEMA } from './schema.ts';
import { dateRemovedProjects } from './to-2/date-removed-projects.ts';
import { keyFilesByIdentity } from './to-2/key-files-by-identity.ts';

/**
 * Brings some records from one schema to the next. It may run while the registry serves, several times at once, and again
 * after it was stopped half-way: the registry reads records of both schemas until all are upgraded. Answers whether it
 * came to its end before `signal`.
 */
export type Upgrade = (registry: Registry, signal: AbortSignal) => Promise<boolean>;

/** The upgrades that lead to each schema, in their order. An upgrade is removed when nobody has such old records. */
const upgrades: ReadonlyMap<number, readonly Upgrade[]> = new Map([
  [2, [dateRemovedProjects, keyFilesByIdentity]],
]);

/**
 * Upgrades all records to the current schema, until `signal`; called again it goes on. Answers whether they all are.
 * @throws NewerSchema
 */
export async function upgradeData(
  registry: Registry,
  signal = new AbortController().signal,
): Promise<boolean> {
  for (let schema = await readSchema(registry); schema < SCHEMA; schema = await readSchema(registry)) {
    const next = schema + 1;
    registry.log.info('upgrading records', { schema, to: next });
    for (const upgrade of upgrades.get(next) ?? []) {
      if (signal.aborted || !(await retryChanged(() => upgrade(registry, signal)))) return false;
    }
    if (await moveSchema(registry, schema === 1 ? undefined : schema, next)) {
      registry.log.info('records upgraded', { schema: next });
    }
  }
  return true;
}
