import { problemJson } from '../api/json/storage-json.ts';
import { restore as restoreBackup } from '../runtime/server/restore.ts';
import { describeSettings, type Name, readSettings } from '../runtime/server/settings.ts';
import { type Command, countFlag, ownFlags } from './command.ts';
import { copyJson, copyReport, showCopy, unlessInUse, withDirectory } from './copy-command.ts';
import { progressPrinter } from './progress-printer.ts';

const options = {
  'allow-missing': { type: 'boolean' },
  concurrency: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const targetSettings: readonly Name[] = ['dataDir'];

/** `packhouse restore` */
export const restore: Command = {
  usage: `Usage: packhouse restore <directory> --data-dir <new directory> [options]

Copies a backup into a new data directory, and compares every digest. If the
command is stopped or killed, run it again to continue; until it has finished,
no server starts on the data directory. When a blob of the backup is missing or
damaged, it does not finish.

  --allow-missing          finish even if blobs are missing or damaged
  --concurrency <number>   how many blobs to copy at a time (default: 8)
  --json                   report as JSON
${describeSettings(targetSettings)}

See docs/backup.md.
`,

  async run(parameters, terminal) {
    const { own, settings: rest } = ownFlags(parameters, options);
    const { directory, settings: flags } = withDirectory(rest);
    const { dataDir } = readSettings(flags, terminal.environment, targetSettings);
    const concurrency = countFlag('concurrency', own.concurrency, 8, 64);
    const printer = progressPrinter(terminal.progress);
    const began = performance.now();
    const outcome = await unlessInUse(() =>
      restoreBackup(directory, dataDir, {
        allowMissing: own['allow-missing'] === true,
        concurrency,
        signal: terminal.signal,
        onProgress: (at) => showCopy(printer, at),
      }),
    ).finally(() => printer.end());
    if (!outcome.complete) {
      terminal.output.write('Stopped. Run the command again to continue.\n');
      return 1;
    }
    const { restored } = outcome;
    const headline = restored
      ? `Restored ${directory} to ${dataDir}:`
      : `${dataDir} is not complete. With --allow-missing, the command finishes without the blobs below:`;
    const problems = outcome.problems.map(problemJson);
    terminal.output.write(
      own.json
        ? `${JSON.stringify({ data_dir: dataDir, restored, ...copyJson(outcome), problems }, undefined, 2)}\n`
        : copyReport(headline, outcome, (performance.now() - began) / 1000),
    );
    return restored && outcome.problems.length === 0 ? 0 : 1;
  },
};
