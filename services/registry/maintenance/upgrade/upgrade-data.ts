import type { Registry } from '../../context.ts';
import { retryChanged } from '../../records/retry-changed.ts';
import { moveSchema, readSchema, SCHEMA } from './schema.ts';
import { dateRemovedProjects } from './to-2/date-removed-projects.ts';
import { keyFilesByIdentity } from './to-2/key-files-by-identity.ts';
import { datePackages } from './to-3/date-packages.ts';
import { ownNames } from './to-3/own-names.ts';
import { indexVersionsByName } from './to-4/index-versions-by-name.ts';
import { locateHolders } from './to-4/locate-holders.ts';
import { shortenSearchWords } from './to-4/shorten-search-words.ts';
import { storeDefaultTags } from './to-5/store-default-tags.ts';
import { normalizeVersions } from './to-6/normalize-versions.ts';
import { listByVisibility } from './to-7/list-by-visibility.ts';
import { recordDeployNames } from './to-7/record-deploy-names.ts';

/**
 * Upgrades some records from one schema to the next. It may run while the registry is serving, several times
 * concurrently, and again after an interruption: the registry reads records of both schemas until all are
 * upgraded. Returns whether it finished; not if `signal` was aborted, or if it must wait for a publish in progress.
 */
export type Upgrade = (registry: Registry, signal: AbortSignal) => Promise<boolean>;

/** The upgrades to each schema, in order. An upgrade can be deleted once nobody has such old records. */
const upgrades: ReadonlyMap<number, readonly Upgrade[]> = new Map([
  [2, [dateRemovedProjects, keyFilesByIdentity]],
  [3, [ownNames, datePackages]],
  [4, [indexVersionsByName, shortenSearchWords, locateHolders]],
  [5, [storeDefaultTags]],
  [6, [normalizeVersions]],
  [7, [listByVisibility, recordDeployNames]],
]);

/**
 * Upgrades all records to the current schema; stops at `signal`, and continues when called again. Returns whether
 * all records are upgraded.
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
