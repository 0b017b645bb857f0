import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationJson } from '../api/json/storage-json.ts';
import { startWith } from '../runtime/server/places.ts';
import { SettingsError } from '../runtime/server/settings.ts';
import { CommandFailed } from './command.ts';
import { NoAnswer, type RegistryClient } from './registry-client.ts';

/** What is to be moved; places that are not given are those of the server. */
export interface WatchOrder {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly concurrency: number;
  readonly dryRun: boolean;
}

/** Who watches. */
export interface Watcher {
  readonly signal: AbortSignal;
  show(job: MigrationJson): void;
  note(text: string): void;
}

/** How often the server is asked, in milliseconds. */
const ASK_EVERY = 300;

/** For how many questions on end a server may fail to answer: a restart takes a moment. */
const PATIENCE = 400;

/** Starts a migration in a server, or joins the one that is running, and watches it to its end or until the signal. */
export async function watchMigration(
  client: RegistryClient,
  order: WatchOrder,
  watcher: Watcher,
): Promise<MigrationJson> {
  const { place, migrating_from, migration } = await client.storage();
  if (migrating_from === null && migration && settledBy(migration, order, place)) return migration;
  checkPlaces(order, place, migrating_from);
  const { concurrency, dryRun } = order;
  let job = await client.start({ dry_run: dryRun, concurrency });
  let failure: string | null = null;
  while (job.state === 'running' && !watcher.signal.aborted) {
    watcher.show(job);
    await rest(watcher.signal);
    const { id } = job;
    const state = await patiently(client.storage, watcher);
    if (!state) break;
    const current = dryRun ? state.dry_run : state.migration;
    if (current?.id !== id) throw new CommandFailed('the server has begun another migration');
    job = current;
    if (job.failure && job.failure !== failure)
      watcher.note(`The server can't go on at the moment: ${job.failure}`);
    failure = job.failure;
  }
  return job;
}

/** Whether the migration that is asked for has been finished before. */
function settledBy(migration: MigrationJson, order: WatchOrder, place: string | null): boolean {
  const { from, to, state } = migration;
  const asked = (order.from ?? from) === from && (order.to ?? to) === to;
  return asked && state === 'finished' && !order.dryRun && place === to;
}

function checkPlaces(order: WatchOrder, place: string | null, from: string | null): void {
  if (from !== null && (order.from ?? from) === from && (order.to ?? place) === place) return;
  const now = from === null ? `keeps its blobs in ${place}` : `moves its blobs from ${from} to ${place}`;
  const former = order.from ?? place ?? undefined;
  const anew = order.to
    ? startWith({ place: order.to, from: former })
    : `with the new place as its store (--bucket or --blob-dir) and --migrate-from ${former}`;
  throw new SettingsError(`the server ${now}; start it anew ${anew} (docs/object-storage.md)`);
}

/** Asks until there is an answer: a server may be restarted while it is watched. Undefined when the signal came. */
async function patiently<T>(ask: () => Promise<T>, { signal, note }: Watcher): Promise<T | undefined> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      const answer = await ask();
      if (failures > 0) note('The server answers again.');
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswer) || ++failures >= PATIENCE) throw error;
      if (failures === 1) note(`${error.message}; asking again for a while`);
      await rest(signal);
    }
  }
  return undefined;
}

/** Waits for a moment, less when the signal comes. */
async function rest(signal: AbortSignal): Promise<void> {
  await delay(ASK_EVERY, undefined, { signal }).catch(() => {});
}
