import { problemJson } from '../api/json/storage-json.ts';
import { silentLog } from '../ports/log.ts';
import type { TableReader } from '../ports/table.ts';
import { checkStorage, type StorageCheck } from '../registry/maintenance/check/check-storage.ts';
import { findHome, judgeHome } from '../registry/maintenance/migrate/storage-home.ts';
import { createRegistry } from '../runtime/compose.ts';
import { allFormats } from '../runtime/families/all.ts';
import { openStores } from '../runtime/server/open-stores.ts';
import {
  describeSettings,
  homeNames,
  readSettings,
  type ServerSettings,
  SettingsError,
  storeSettings,
} from '../runtime/server/settings.ts';
import { startWith } from '../runtime/server/storage-location.ts';
import { type Command, countFlag, ownFlags, type Terminal } from './command.ts';
import { openExisting } from './open-directory.ts';
import { progressPrinter } from './progress-printer.ts';
import { reach } from './reach.ts';
import { checkReport } from './storage-report.ts';

const options = {
  verify: { type: 'boolean' },
  concurrency: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** `packhouse doctor` */
export const doctor: Command = {
  usage: `Usage: packhouse doctor [options]

Checks files, blob records and stored blobs against each other, and whether
stored metadata can be read. Changes nothing. The exit code is 1 when something
is wrong. No server may have the data directory open; records in DynamoDB can be
checked at any time.

  --verify                 read all bytes and compare their digests
  --concurrency <number>   how many blobs to read at a time (default: 8)
  --json                   report everything that was found as JSON
${describeSettings(storeSettings)}

See docs/object-storage.md for what each problem means and what to do about it.
`,

  async run(parameters, terminal) {
    const { own, settings: flags } = ownFlags(parameters, options);
    const settings = readSettings(flags, terminal.environment, storeSettings);
    const check = await checkStores(settings, terminal, {
      verify: own.verify === true,
      concurrency: countFlag('concurrency', own.concurrency, 8, 64),
    });
    const { location, from } = homeNames(settings);
    const json = { location, from: from ?? null, ...check, problems: check.problems.map(problemJson) };
    const where = from === undefined ? location : `${location} (with ${from})`;
    terminal.output.write(own.json ? `${JSON.stringify(json, undefined, 2)}\n` : checkReport(check, where));
    return check.problems.length === 0 && check.complete ? 0 : 1;
  },
};

/** Checks that the recorded storage location is the one in the settings, before any blob is read there. */
async function requireHome(table: TableReader, settings: ServerSettings): Promise<void> {
  const judged = judgeHome(await findHome(table), homeNames(settings), startWith);
  if ('refusal' in judged) throw new SettingsError(judged.refusal);
}

async function checkStores(
  settings: ServerSettings,
  terminal: Terminal,
  options: { readonly verify: boolean; readonly concurrency: number },
): Promise<StorageCheck> {
  const inUse = 'stop it, or check a copy of the directory';
  const stores = await openExisting(settings, inUse, () =>
    openStores(settings, { readOnly: true, validate: (table) => requireHome(table, settings) }),
  );
  const printer = progressPrinter(terminal.progress);
  try {
    await reach(homeNames(settings).location, stores.blobs);
    const registry = createRegistry(
      { ...stores, log: silentLog, formats: async () => allFormats },
      { url: '' },
    );
    return await checkStorage(registry, {
      ...options,
      onProgress({ versions, files, expected, seen }) {
        if (expected === undefined) {
          const things = files === 0 ? 'versions' : 'files';
          printer.show({ title: 'Reading', things, done: files || versions, bytes: 0 });
        } else {
          const title = options.verify ? 'Verifying' : 'Checking';
          printer.show({ title, things: 'blobs', done: seen.blobs, bytes: seen.bytes, total: expected });
        }
      },
    });
  } finally {
    printer.end();
    await stores.close();
  }
}
