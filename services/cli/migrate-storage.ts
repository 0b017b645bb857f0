import { type MigrationJson, migrationJson } from '../api/json/storage-json.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { silentLog } from '../ports/log.ts';
import type { Table } from '../ports/table.ts';
import type { Registry } from '../registry/context.ts';
import type { MigrationStores } from '../registry/maintenance/migrate/copy-blob.ts';
import { runMigration } from '../registry/maintenance/migrate/migrate-blobs.ts';
import { type MigrationOrder, startMigration } from '../registry/maintenance/migrate/migration-job.ts';
import { checkMove, claimHome, findHome, type Move } from '../registry/maintenance/migrate/storage-home.ts';
import { createRegistry } from '../runtime/compose.ts';
import { type OpenedPlace, openPlace, openRecords } from '../runtime/server/open-stores.ts';
import {
  type Place,
  parsePlace,
  placeFlags,
  placeName,
  placeSyntax,
  startWith,
} from '../runtime/server/places.ts';
import { describeSettings, type Name, readSettings, SettingsError } from '../runtime/server/settings.ts';
import { type Command, CommandFailed, countFlag, ownFlags, type Terminal } from './command.ts';
import { openExisting } from './open-directory.ts';
import { type ProgressPrinter, progressPrinter } from './progress-printer.ts';
import { reach } from './reach.ts';
import { registryClient } from './registry-client.ts';
import { migrationReport } from './storage-report.ts';
import { watchMigration } from './watch-migration.ts';

/** The settings that say where the records are. */
const recordSettings: readonly Name[] = ['dataDir', 'table', 'auditTable', 'region', 'awsEndpoint'];

const options = {
  from: { type: 'string' },
  to: { type: 'string' },
  server: { type: 'string' },
  token: { type: 'string' },
  concurrency: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** What the flags come to, whoever does the copying. */
interface Order {
  readonly from: Place | undefined;
  readonly to: Place | undefined;
  readonly concurrency: number;
  readonly dryRun: boolean;
}

/** `packhouse migrate-storage` */
export const migrateStorage: Command = {
  usage: `Usage: packhouse migrate-storage --from <place> --to <place> [options]
       packhouse migrate-storage --server <url> [options]

Copies all blobs from one place to the other and checks them on the way. Stopped or
killed, it goes on where it was the next time. A place is
  local                    the files of the data directory
  file:///<directory>      files of another directory of this machine
  s3://<bucket>[/<prefix>][?<option>=<value>&...]
                           a bucket; options are endpoint, region, path-style, profile,
                           encryption and kms-key

Without --server it opens the records itself, so no server may have the data directory
open. With it, a server that was started with --migrate-from does the copying while it
serves, and this command starts it and shows how far it is.

  --server <url>           a running server
  --token <token>          a token of an administrator there (or PACKHOUSE_TOKEN)
  --concurrency <number>   how many blobs are copied at a time (8)
  --dry-run                only tell what there is to copy
  --json                   report as JSON
${describeSettings(recordSettings)}

See docs/object-storage.md for how to move a registry step by step.
`,

  async run(parameters, terminal) {
    const { own, settings } = ownFlags(parameters, options);
    const order: Order = {
      from: placeFlag('from', own.from),
      to: placeFlag('to', own.to),
      concurrency: countFlag('concurrency', own.concurrency, 8, 64),
      dryRun: own['dry-run'] === true,
    };
    const printer = progressPrinter(terminal.progress);
    const done =
      own.server === undefined
        ? runHere(order, settings, terminal, printer)
        : runThere(order, { url: own.server, token: own.token, settings }, terminal, printer);
    const job = await done.finally(() => printer.end());
    const report = own.json ? `${JSON.stringify(job, undefined, 2)}\n` : reportOf(job, order, own.server);
    terminal.output.write(report);
    return job.state === 'finished' && job.problem_count === 0 ? 0 : 1;
  },
};

function placeFlag(name: string, text: string | undefined): Place | undefined {
  try {
    return text === undefined ? undefined : parsePlace(text);
  } catch (error) {
    throw new SettingsError(`--${name}: ${(error as Error).message}`);
  }
}

/** What has come of it, and what to do next. */
function reportOf(job: MigrationJson, { to }: Order, server: string | undefined): string {
  if (job.state !== 'finished') {
    return server === undefined
      ? 'Stopped. Run the command again to go on from here.\n'
      : 'The server goes on copying. Run the command again to watch it.\n';
  }
  if (job.dry_run) return migrationReport(job);
  return `${migrationReport(job)}\nFrom now on, start the server ${server === undefined ? startOf(to) : 'without --migrate-from.'}\n`;
}

/** How to start a server whose blobs are at a place. */
function startOf(place: Place | undefined): string {
  const flags = place ? placeFlags(place) : '';
  return flags === '' ? 'without --bucket and --blob-dir.' : `with\n  ${flags}`;
}

/** Opens the stores and copies in this process. */
async function runHere(
  order: Order,
  flags: readonly string[],
  terminal: Terminal,
  printer: ProgressPrinter,
): Promise<MigrationJson> {
  const { from, to, dryRun } = order;
  if (!from || !to) throw new SettingsError(`--from and --to are needed; each is ${placeSyntax}`);
  if (placeName(from) === placeName(to)) throw new SettingsError('--from and --to are the same place');
  const settings = readSettings(flags, terminal.environment, recordSettings);
  const inUse = 'stop it, or let it do the copying with --server';
  const { files, ...records } = await openExisting(settings, inUse, () => openRecords(settings));
  const opened: OpenedPlace[] = [];
  async function open(place: Place, existing: boolean): Promise<BlobStore> {
    const store = await openPlace(place, { files, region: settings.region, existing });
    opened.push(store);
    await reach(placeName(place), store.blobs);
    return store.blobs;
  }
  try {
    const move = { from: placeName(from), to: placeName(to) };
    if (!dryRun) await settleHome(records.table, move, { shared: settings.table !== undefined });
    checkMove(await findHome(records.table), move);
    const stores = { from: await open(from, true), to: await open(to, false) };
    const registry = createRegistry({ ...records, blobs: stores.to, log: silentLog }, { url: '' });
    return await migrate(registry, stores, { ...order, ...move }, terminal, printer);
  } finally {
    for (const store of opened) store.close();
    await records.close();
  }
}

async function migrate(
  registry: Registry,
  stores: MigrationStores,
  order: MigrationOrder,
  { signal }: Terminal,
  printer: ProgressPrinter,
): Promise<MigrationJson> {
  // Nobody else can be counting, and what was counted some time ago is of no use.
  const job = await startMigration(registry, order, { startOver: order.dryRun });
  if (job.position !== null) printer.note('Going on where it was stopped.');
  const ended = await runMigration(registry, stores, job, {
    signal,
    onProgress: (at, live) => showMigration(printer, migrationJson({ ...at, live })),
  });
  return migrationJson(ended);
}

/**
 * Makes sure that no server stores blobs at the place they are moved from. The data directory is open here and nowhere
 * else. Records in tables may have servers at work: they must have been started with both places.
 */
async function settleHome(table: Table, move: Move, { shared }: { shared: boolean }): Promise<void> {
  const home = await findHome(table);
  if (shared && home?.place !== move.to) {
    throw new CommandFailed(
      `servers may be storing blobs in ${move.from}: first restart them ${startWith({ place: move.to, from: move.from })}`,
    );
  }
  if (home?.from !== undefined) await claimHome(table, { place: move.to, from: move.from }, startWith);
}

/** Lets a running server copy, and watches. */
async function runThere(
  order: Order,
  at: { url: string; token: string | undefined; settings: readonly string[] },
  { environment, signal }: Terminal,
  printer: ProgressPrinter,
): Promise<MigrationJson> {
  const [other] = at.settings;
  if (other !== undefined) throw new SettingsError(`with --server there is no use for ${other}`);
  const token = at.token ?? environment.PACKHOUSE_TOKEN ?? environment.PACKHOUSE_ROOT_TOKEN;
  if (!token) throw new SettingsError('--token (PACKHOUSE_TOKEN) is needed to speak to a server');
  const { from, to, ...rest } = order;
  return watchMigration(
    registryClient(at.url.replace(/\/+$/, ''), token),
    { ...rest, from: from && placeName(from), to: to && placeName(to) },
    { signal, show: (job) => showMigration(printer, job), note: printer.note },
  );
}

const titles = { counting: 'Counting', copying: 'Copying', checking: 'Checking' } as const;

function showMigration(printer: ProgressPrinter, job: MigrationJson): void {
  const known = job.phase !== 'counting';
  printer.show({
    title: titles[job.phase],
    things: 'blobs',
    done: job.done.blobs,
    bytes: job.done.bytes,
    total: known ? job.total.blobs : undefined,
    totalBytes: known ? job.total.bytes : undefined,
  });
}
