/** What migrations and checks came to, as text. Pure. */
import type { MigrationJson } from '../../../api/json/storage-json.ts';
import type { StorageCheck } from '../../../registry/storage/check-storage.ts';
import {
  type Amount,
  type Problem,
  type ProblemKind,
  problemKinds,
} from '../../../registry/storage/storage-problems.ts';
import { bytesText, thingsText, timeText } from './units.ts';

/** How many problems of a kind are written out. */
const WRITTEN = 20;

function amountText({ blobs, bytes }: Amount): string {
  return `${thingsText(blobs, 'blob')} (${bytesText(bytes)})`;
}

/** What a finished migration came to. */
export function migrationReport(job: MigrationJson): string {
  const { from, to, total, to_copy, copied, unknown, dry_run } = job;
  const seconds = (Date.parse(job.finished_at ?? '') - Date.parse(job.started_at ?? '')) / 1000;
  const there = { blobs: total.blobs - copied.blobs, bytes: total.bytes - copied.bytes };
  const lines = dry_run
    ? [`To be copied from ${from} to ${to}: ${amountText(to_copy)} of ${amountText(total)}.`]
    : [
        `All that ${from} holds is in ${to}: ${amountText(total)}, in ${timeText(seconds)}.`,
        `Copied ${amountText(copied)}; ${amountText(atLeastNone(there))} were there already.`,
      ];
  if (job.problem_count > 0 && !dry_run) lines[0] = `${from} is in ${to}, but for what is told below.`;
  if (unknown.blobs > 0) {
    lines.push(`${amountText(unknown)} of them are known to no record; the sweep removes them in time.`);
  }
  const problems = job.problems.map((problem) => ({
    kind: problem.kind,
    sha256: problem.sha256 ?? undefined,
    storageKey: problem.storage_key,
    detail: problem.detail,
    files: problem.files,
  }));
  return `${[...lines, ...problemLines(problems, job.problem_count)].join('\n')}\n`;
}

function atLeastNone({ blobs, bytes }: Amount): Amount {
  return { blobs: Math.max(0, blobs), bytes: Math.max(0, bytes) };
}

/** What a check came to. */
export function checkReport(check: StorageCheck, place: string): string {
  const { files, records, stored, verified, recent, problems } = check;
  const lines = [
    `Checked ${thingsText(files, 'file')} and the records of ${amountText(records)}.`,
    `${place} holds ${amountText(stored)}.`,
  ];
  if (verified.blobs > 0) lines.push(`Read ${amountText(verified)} and compared their digests.`);
  if (recent.blobs > 0) {
    lines.push(`${amountText(recent)} are known to no record but recent: uploads that may be under way.`);
  }
  return `${[...lines, ...problemLines(problems, problems.length)].join('\n')}\n`;
}

function problemLines(problems: readonly Problem[], count: number): string[] {
  if (count === 0) return ['No problems.'];
  const kinds = (Object.keys(problemKinds) as ProblemKind[]).filter((kind) =>
    problems.some((problem) => problem.kind === kind),
  );
  const lines = ['', `${thingsText(count, 'problem')}:`];
  for (const kind of kinds) {
    const some = problems.filter((problem) => problem.kind === kind);
    lines.push('', `${kind}: ${problemKinds[kind]}`);
    for (const { sha256, storageKey, detail, files } of some.slice(0, WRITTEN)) {
      lines.push(`  ${storageKey}${detail ? `: ${detail}` : ''}`);
      if (sha256) lines.push(`    sha256 ${sha256}`);
      lines.push(...files.map((file) => `    ${file}`));
    }
    if (some.length > WRITTEN)
      lines.push(`  and ${some.length - WRITTEN} more; --json lists all that are kept`);
  }
  return lines;
}
