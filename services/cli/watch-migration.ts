import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationJson } from '../api/json/storage-json.ts';
import { SettingsError } from '../runtime/server/settings.ts';
import { startWith } from '../runtime/server/storage-location.ts';
import { NoAnswer } from './api-client.ts';
import { CommandFailed } from './command.ts';
import type { RegistryClient } from './registry-client.ts';

/** The requested migration; locations that are not given are those of the server. */
export interface WatchOrder {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly concurrency: number;
  readonly dryRun: boolean;
}

/** The observer of a migration. */
export interface Watcher {
  readonly signal: AbortSignal;
  show(job: MigrationJson): void;
  note(text: string): void;
}

/** How often the server is polled, in milliseconds. */
const POLL_EVERY = 300;

/** How many polls in a row may fail: a restart takes a moment. */
const MAX_FAILURES = 400;

/**
 * Starts a migration in a server, or joins the running one, and watches it until it finishes or `signal` is
 * aborted.
 */
export async function watchMigration(
  client: RegistryClient,
  order: WatchOrder,
  watcher: Watcher,
): Promise<MigrationJson> {
  const { location, migrating_from, migration } = await client.storage();
  if (migrating_from === null && migration && settledBy(migration, order, location)) return migration;
  checkLocations(order, location, migrating_from);
  const { concurrency, dryRun } = order;
  let job = await client.start({ dry_run: dryRun, concurrency });
  let failure: string | null = null;
  while (job.state === 'running' && !watcher.signal.aborted) {
    watcher.show(job);
    await pollDelay(watcher.signal);
    const { id } = job;
    const state = await withRetries(client.storage, watcher);
    if (!state) break;
    const current = dryRun ? state.dry_run : state.migration;
    if (current?.id !== id) throw new CommandFailed('the server has started another migration');
    job = current;
    if (job.failure && job.failure !== failure)
      watcher.note(`The server can't continue at the moment: ${job.failure}`);
    failure = job.failure;
  }
  return job;
}

/** Whether the requested migration has already finished. */
function settledBy(migration: MigrationJson, order: WatchOrder, location: string | null): boolean {
  const { from, to, state } = migration;
  const isSame = (order.from ?? from) === from && (order.to ?? to) === to;
  return isSame && state === 'finished' && !order.dryRun && location === to;
}

function checkLocations(order: WatchOrder, location: string | null, from: string | null): void {
  if (from !== null && (order.from ?? from) === from && (order.to ?? location) === location) return;
  const now =
    from === null ? `stores its blobs in ${location}` : `moves its blobs from ${from} to ${location}`;
  const former = order.from ?? location ?? undefined;
  const how = order.to
    ? startWith({ location: order.to, from: former })
    : `with the new storage location (--bucket or --blob-dir) and --migrate-from ${former}`;
  throw new SettingsError(`the server ${now}; restart it ${how} (docs/object-storage.md)`);
}

/**
 * Retries until the server responds, since it may be restarted while it is watched. Undefined if `signal` is
 * aborted.
 */
async function withRetries<T>(request: () => Promise<T>, { signal, note }: Watcher): Promise<T | undefined> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      const response = await request();
      if (failures > 0) note('The server responds again.');
      return response;
    } catch (error) {
      if (!(error instanceof NoAnswer) || ++failures >= MAX_FAILURES) throw error;
      if (failures === 1) note(`${error.message}; retrying for a while`);
      await pollDelay(signal);
    }
  }
  return undefined;
}

/** Waits until the next poll, or until `signal` is aborted. */
async function pollDelay(signal: AbortSignal): Promise<void> {
  await delay(POLL_EVERY, undefined, { signal }).catch(() => {});
}
