import { problemJson } from '../api/json/storage-json.ts';
import { backUp } from '../runtime/server/back-up.ts';
import { describeSettings, readSettings, storeSettings } from '../runtime/server/settings.ts';
import { type Command, countFlag, ownFlags } from './command.ts';
import { copyJson, copyReport, showCopy, unlessInUse, withDirectory } from './copy-command.ts';
import { openExisting } from './open-directory.ts';
import { progressPrinter } from './progress-printer.ts';

const options = {
  verify: { type: 'boolean' },
  copy: { type: 'boolean' },
  concurrency: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** `packhouse backup` */
export const backup: Command = {
  usage: `Usage: packhouse backup <directory> [options]

Copies a registry into a directory, while a server may be using it. The next
backup into the same directory copies only what is new. If the command is
stopped or killed, run it again: it continues, and until then the backup before
stays as it is. The exit code is 1 when a blob is missing or damaged.

The backup contains secrets: the key that signing keys are sealed with, and
perhaps the administrator's token. Only its owner can read it.

  --verify                 also read the blobs that are there already, and
                           compare their digests
  --copy                   copy all blobs; by default those on the same file
                           system get a second link, which takes no space
  --concurrency <number>   how many blobs to copy at a time (8)
  --json                   report as JSON
${describeSettings(storeSettings)}

See docs/backup.md for how to restore it.
`,

  async run(parameters, terminal) {
    const { own, settings: rest } = ownFlags(parameters, options);
    const { directory, settings: flags } = withDirectory(rest);
    const settings = readSettings(flags, terminal.environment, storeSettings);
    const concurrency = countFlag('concurrency', own.concurrency, 8, 64);
    const printer = progressPrinter(terminal.progress);
    const began = performance.now();
    const work = () =>
      backUp(settings, directory, {
        verify: own.verify === true,
        link: own.copy !== true,
        concurrency,
        signal: terminal.signal,
        onProgress: (at) => showCopy(printer, at),
      });
    const outcome = await openExisting(settings, '', () => unlessInUse(work)).finally(() => printer.end());
    if (!outcome.complete) {
      terminal.output.write('Stopped. Run the command again to continue.\n');
      return 1;
    }
    const seconds = (performance.now() - began) / 1000;
    const problems = outcome.problems.map(problemJson);
    terminal.output.write(
      own.json
        ? `${JSON.stringify({ directory, ...copyJson(outcome), problems }, undefined, 2)}\n`
        : copyReport(`Backed up ${settings.dataDir} to ${directory}:`, outcome, seconds),
    );
    return outcome.problems.length === 0 ? 0 : 1;
  },
};
