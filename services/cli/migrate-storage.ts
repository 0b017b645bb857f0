import { type MigrationJson, migrationJson } from '../api/json/storage-json.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { silentLog } from '../ports/log.ts';
import type { Table } from '../ports/table.ts';
import type { Registry } from '../registry/context.ts';
import type { MigrationStores } from '../registry/maintenance/migrate/copy-blob.ts';
import { runMigration } from '../registry/maintenance/migrate/migrate-blobs.ts';
import { type MigrationOrder, startMigration } from '../registry/maintenance/migrate/migration-job.ts';
import { checkMove, findHome, type Move, recordHome } from '../registry/maintenance/migrate/storage-home.ts';
import { createRegistry } from '../runtime/compose.ts';
import { type OpenedLocation, openLocation, openRecords } from '../runtime/server/open-stores.ts';
import { describeSettings, type Name, readSettings, SettingsError } from '../runtime/server/settings.ts';
import {
  locationFlags,
  locationName,
  locationSyntax,
  parseLocation,
  type StorageLocation,
  startWith,
} from '../runtime/server/storage-location.ts';
import { type Command, CommandFailed, countFlag, ownFlags, type Terminal } from './command.ts';
import { requireNoToken, tokenFor } from './connection.ts';
import { openExisting } from './open-directory.ts';
import { type ProgressPrinter, progressPrinter } from './progress-printer.ts';
import { reach } from './reach.ts';
import { registryClient } from './registry-client.ts';
import { migrationReport } from './storage-report.ts';
import { watchMigration } from './watch-migration.ts';

/** The settings that say where records are stored. */
const recordSettings: readonly Name[] = ['dataDir', 'table', 'auditTable', 'region', 'awsEndpoint'];

const options = {
  from: { type: 'string' },
  to: { type: 'string' },
  server: { type: 'string' },
  'token-file': { type: 'string' },
  concurrency: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** The parsed flags, regardless of which process copies. */
interface Order {
  readonly from: StorageLocation | undefined;
  readonly to: StorageLocation | undefined;
  readonly concurrency: number;
  readonly dryRun: boolean;
}

/** `packhouse migrate-storage` */
export const migrateStorage: Command = {
  usage: `Usage: packhouse migrate-storage --from <location> --to <location> [options]
       packhouse migrate-storage --server <url> [options]

Copies all blobs from one storage location to another and verifies each one. If
it is stopped or killed, the next run continues where it left off. A storage
location is
  local                    the data directory
  file:///<directory>      another local directory
  s3://<bucket>[/<prefix>][?<option>=<value>&...]
                           a bucket; options are endpoint, region, path-style,
                           profile, encryption and kms-key

Without --server, the command opens the records itself, so no server may have
the data directory open. With --server, a server that was started with
--migrate-from copies while it serves requests; the command starts the migration
and shows its progress.

  --server <url>           a running server
  --token-file <file>      a file with an administrator's token for it (or
                           PACKHOUSE_TOKEN with the token itself)
  --concurrency <number>   how many blobs to copy at a time (8)
  --dry-run                only report what there is to copy
  --json                   report as JSON
${describeSettings(recordSettings)}

See docs/object-storage.md for how to move a registry step by step.
`,

  async run(parameters, terminal) {
    requireNoToken(parameters);
    const { own, settings } = ownFlags(parameters, options);
    const order: Order = {
      from: locationFlag('from', own.from),
      to: locationFlag('to', own.to),
      concurrency: countFlag('concurrency', own.concurrency, 8, 64),
      dryRun: own['dry-run'] === true,
    };
    const printer = progressPrinter(terminal.progress);
    const done =
      own.server === undefined
        ? runHere(order, settings, terminal, printer)
        : runThere(order, { url: own.server, tokenFile: own['token-file'], settings }, terminal, printer);
    const job = await done.finally(() => printer.end());
    const report = own.json ? `${JSON.stringify(job, undefined, 2)}\n` : reportOf(job, order, own.server);
    terminal.output.write(report);
    return job.state === 'finished' && job.problem_count === 0 ? 0 : 1;
  },
};

function locationFlag(name: string, text: string | undefined): StorageLocation | undefined {
  try {
    return text === undefined ? undefined : parseLocation(text);
  } catch (error) {
    throw new SettingsError(`--${name}: ${(error as Error).message}`);
  }
}

/** The result, and what to do next. */
function reportOf(job: MigrationJson, { to }: Order, server: string | undefined): string {
  if (job.state !== 'finished') {
    return server === undefined
      ? 'Stopped. Run the command again to continue.\n'
      : 'The server continues to copy. Run the command again to watch it.\n';
  }
  if (job.dry_run) return migrationReport(job);
  return `${migrationReport(job)}\nFrom now on, start the server ${server === undefined ? serveHint(to) : 'without --migrate-from.'}\n`;
}

/** How to start a server with its blobs in this storage location. */
function serveHint(location: StorageLocation | undefined): string {
  const flags = location ? locationFlags(location) : '';
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
  if (!from || !to) throw new SettingsError(`--from and --to are required; each is ${locationSyntax}`);
  if (locationName(from) === locationName(to))
    throw new SettingsError('--from and --to are the same storage location');
  const settings = readSettings(flags, terminal.environment, recordSettings);
  const inUse = 'stop it, or let it copy with --server';
  const { files, ...records } = await openExisting(settings, inUse, () => openRecords(settings));
  const opened: OpenedLocation[] = [];
  async function open(location: StorageLocation, existing: boolean): Promise<BlobStore> {
    const store = await openLocation(location, { files, region: settings.region, existing });
    opened.push(store);
    await reach(locationName(location), store.blobs);
    return store.blobs;
  }
  try {
    const move = { from: locationName(from), to: locationName(to) };
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
  // No other process can be counting, and an old count is useless.
  const job = await startMigration(registry, order, { startOver: order.dryRun });
  if (job.position !== null) printer.note('Continuing where the last run stopped.');
  const ended = await runMigration(registry, stores, job, {
    signal,
    onProgress: (at, live) => showMigration(printer, migrationJson({ ...at, live })),
  });
  return migrationJson(ended);
}

/**
 * Makes sure that no server stores new blobs at the old location. A data directory is open only in this process.
 * Records in tables may have running servers, which must have been started with both locations.
 */
async function settleHome(table: Table, move: Move, { shared }: { shared: boolean }): Promise<void> {
  const home = await findHome(table);
  if (shared && home?.location !== move.to) {
    throw new CommandFailed(
      `servers may be storing blobs in ${move.from}: first restart them ${startWith({ location: move.to, from: move.from })}`,
    );
  }
  if (home?.from !== undefined) await recordHome(table, { location: move.to, from: move.from }, startWith);
}

/** Lets a running server copy, and watches its progress. */
async function runThere(
  order: Order,
  at: { url: string; tokenFile: string | undefined; settings: readonly string[] },
  { environment, signal }: Terminal,
  printer: ProgressPrinter,
): Promise<MigrationJson> {
  const [unused] = at.settings;
  if (unused !== undefined) throw new SettingsError(`${unused} has no effect with --server`);
  const { from, to, ...rest } = order;
  return watchMigration(
    registryClient(at.url.replace(/\/+$/, ''), tokenFor(at.tokenFile, environment)),
    { ...rest, from: from && locationName(from), to: to && locationName(to) },
    { signal, show: (job) => showMigration(printer, job), note: printer.note },
  );
}

const titles = { counting: 'Counting', copying: 'Copying', checking: 'Checking' } as const;

function showMigration(printer: ProgressPrinter, job: MigrationJson): void {
  const counted = job.phase !== 'counting';
  printer.show({
    title: titles[job.phase],
    things: 'blobs',
    done: job.done.blobs,
    bytes: job.done.bytes,
    total: counted ? job.total.blobs : undefined,
    totalBytes: counted ? job.total.bytes : undefined,
  });
}
