/** Renders the results of migrations and checks as text. */
import type { MigrationJson } from '../api/json/storage-json.ts';
import { parseSha256 } from '../domain/digests.ts';
import type { StorageCheck } from '../registry/maintenance/check/check-storage.ts';
import {
  type Amount,
  type BlobProblem,
  type MetadataProblem,
  type Problem,
  type ProblemKind,
  problemKinds,
} from '../registry/maintenance/storage-problems.ts';
import { bytesText, countText, timeText } from './units.ts';

/** How many problems of a kind the report shows. */
const WRITTEN = 20;

export function amountText({ blobs, bytes }: Amount): string {
  return blobs === 0 ? 'none' : `${countText(blobs)} (${bytesText(bytes)})`;
}

/** Returns aligned rows of names and values. */
export function rowsText(rows: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

/** The report of a finished migration. */
export function migrationReport(job: MigrationJson): string {
  const { from, to, total, to_copy, copied, unknown, dry_run } = job;
  const seconds = (Date.parse(job.finished_at ?? '') - Date.parse(job.started_at ?? '')) / 1000;
  const rows: [string, string][] = [
    ['from', from],
    ['to', to],
    ['blobs', amountText(total)],
  ];
  if (dry_run) rows.push(['to copy', amountText(to_copy)]);
  else rows.push(['already there', amountText(minus(total, to_copy))], ['copied', amountText(copied)]);
  if (unknown.blobs > 0) rows.push(['orphaned', `${amountText(unknown)}: the sweep will remove them`]);
  if (!dry_run) rows.push(['took', timeText(seconds)]);
  const problems = job.problems.map((problem) => ({
    kind: problem.kind,
    sha256: parseSha256(problem.sha256 ?? ''),
    storageKey: problem.storage_key,
    detail: problem.detail,
    files: problem.files,
  }));
  const count = job.problem_count;
  const all = count === 0 ? 'All blobs are there' : 'All blobs are there, except for the problems below';
  const lines = [dry_run ? 'Nothing was copied. There are:' : `${all}:`, ...rowsText(rows)];
  const rest = count > problems.length ? `, of which the first ${problems.length} are shown` : '';
  return `${[...lines, ...problemLines(problems, countText(count) + rest)].join('\n')}\n`;
}

function minus(one: Amount, other: Amount): Amount {
  return { blobs: one.blobs - other.blobs, bytes: one.bytes - other.bytes };
}

/** The report of a check. */
export function checkReport(check: StorageCheck, location: string): string {
  const { versions, files, records, stored, verified, recent, problems, complete } = check;
  const rows: [string, string][] = [
    ['versions', countText(versions)],
    ['files', countText(files)],
    ['records', amountText(records)],
    ['stored', amountText(stored)],
  ];
  if (verified.blobs > 0) rows.push(['verified', amountText(verified)]);
  if (recent.blobs > 0)
    rows.push(['unreferenced', `${amountText(recent)}, recent: uploads may be in progress`]);
  const lines = [`Checked ${location}:`, ...rowsText(rows)];
  const count = complete ? countText(problems.length) : `more than ${countText(problems.length)}`;
  const rest = complete ? [] : ['', 'There are so many that the check stopped early.'];
  return `${[...lines, ...problemLines(problems, count), ...rest].join('\n')}\n`;
}

/** The problems by kind, followed by the counts, where they are visible at the end. */
export function problemLines(problems: readonly Problem[], count: string): string[] {
  if (count === '0') return ['No problems.'];
  const kinds = (Object.keys(problemKinds) as ProblemKind[])
    .map((kind) => ({ kind, all: problems.filter((problem) => problem.kind === kind) }))
    .filter(({ all }) => all.length > 0);
  const lines: string[] = [];
  for (const { kind, all } of kinds) {
    lines.push('', `${kind}: ${problemKinds[kind]}`);
    for (const problem of all.slice(0, WRITTEN)) lines.push(...problemText(problem));
    if (all.length > WRITTEN) lines.push(`  and ${countText(all.length - WRITTEN)} more: --json lists them`);
  }
  const counts = rowsText(kinds.map(({ kind, all }) => [kind, countText(all.length)]));
  return [...lines, '', `Problems: ${count}`, ...counts];
}

function problemText(problem: Problem): string[] {
  return problem.kind === 'unreadable-metadata' ? metadataProblemText(problem) : blobProblemText(problem);
}

function metadataProblemText(problem: MetadataProblem): string[] {
  const { project, format, version, file, subpackage, detail } = problem;
  const words = [format, problem.package, version, file, subpackage].filter((word) => word !== undefined);
  return [`  ${project}: ${words.join(' ')}`, `    ${detail}`];
}

function blobProblemText({ sha256, storageKey, detail, files }: BlobProblem): string[] {
  return [
    `  ${storageKey}`,
    ...(detail ? [`    ${detail}`] : []),
    ...(sha256 ? [`    sha256 ${sha256}`] : []),
    ...files.map((file) => `    ${file}`),
  ];
}
