/** What `packhouse backup` and `packhouse restore` share. */
import type { Amount } from '../registry/maintenance/storage-problems.ts';
import type { BackupOutcome, CopyProgress } from '../runtime/server/back-up.ts';
import { SettingsError } from '../runtime/server/settings.ts';
import type { ProgressPrinter } from './progress-printer.ts';
import { amountText, problemLines, rowsText } from './storage-report.ts';
import { countText, timeText } from './units.ts';

/**
 * Separates the one directory among the parameters of a command from its settings.
 * @throws SettingsError unless exactly one is given
 */
export function withDirectory(parameters: readonly string[]): {
  readonly directory: string;
  readonly settings: readonly string[];
} {
  const directories: string[] = [];
  const settings: string[] = [];
  let isValue = false;
  for (const text of parameters) {
    const isFlag: boolean = !isValue && text.startsWith('-');
    if (isFlag || isValue) settings.push(text);
    else directories.push(text);
    isValue = isFlag && !text.includes('=');
  }
  const [directory, ...more] = directories;
  if (directory === undefined) throw new SettingsError('the directory of the backup is missing');
  if (more.length > 0) throw new SettingsError(`unexpected ${more.join(' ')}: name one directory`);
  return { directory, settings };
}

const titles = { pages: 'Copying the database', blobs: 'Copying' } as const;

/** Shows the progress of a copy. */
export function showCopy(printer: ProgressPrinter, at: CopyProgress): void {
  printer.show({ title: titles[at.things], ...at });
}

/** Reports the result of a copy, under a headline. */
export function copyReport(headline: string, outcome: BackupOutcome, seconds: number): string {
  const { recorded, copied, removed, problems } = outcome;
  const rows: [string, string][] = [
    ['blobs', amountText(recorded)],
    ['already there', amountText(minus(recorded, copied, problems.length))],
    ['copied', amountText(copied)],
  ];
  if (removed > 0) rows.push(['removed', `${countText(removed)}: no record refers to them any more`]);
  rows.push(['took', timeText(seconds)]);
  return `${[headline, ...rowsText(rows), ...problemLines(problems, countText(problems.length))].join('\n')}\n`;
}

function minus(recorded: Amount, copied: Amount, problems: number): Amount {
  const blobs = recorded.blobs - copied.blobs - problems;
  return { blobs: Math.max(0, blobs), bytes: Math.max(0, recorded.bytes - copied.bytes) };
}

/** The result of a copy as JSON, for both commands. */
export function copyJson({ recorded, copied, removed, problems }: BackupOutcome) {
  return { blobs: recorded, copied, removed, problem_count: problems.length, problems };
}

/**
 * Runs work on the directory.
 * @throws SettingsError when another process uses one
 */
export async function unlessInUse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
    throw new SettingsError(error.message.replace('another server', 'another process'));
  }
}
