import type { DuplicateRule, Group } from '../../domain/accounts.ts';
import { DuplicateFile } from '../../domain/errors.ts';
import type { VersionName } from '../../domain/names.ts';
import { identityOf, type PackageFile, type PackageRef } from '../../domain/packages.ts';
import type { Log } from '../../ports/log.ts';
import type { Key } from '../../ports/table.ts';
import type { StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';
import type { Publication, PublishedFile, PublishRule } from './rule.ts';

/**
 * Whether files may be published again. Applies the rule of the nearest ancestor group that has one, else the
 * format's default. The exceptions of a rule invert it for the names and versions they match. A file that goes
 * along with another file is covered by the rule for that file.
 */
export const duplicates: PublishRule = {
  keys(publication) {
    const files = independentFiles(publication);
    const [first] = files;
    if (!first) return [];
    const ownKeys = files.flatMap((file) => keysOf(file));
    return [versionKey(first), ...ownKeys, ...groupKeys(publication)];
  },
  async check(publication, items, { log }) {
    const duplicate = independentFiles(publication)
      .map((placed) => ({ file: placed.file, existing: existingFile(placed, items) }))
      .find(
        ({ file, existing }) => existing && !(publication.format.idempotent && mayBeSame(file, existing)),
      );
    if (!duplicate?.existing || (await mayReplace(publication, items, log))) return;
    const { file, existing } = duplicate;
    throw new DuplicateFile({
      name: publication.displayName ?? publication.name,
      version: publication.spelledVersion ?? existing.version,
      fileName: existing.fileName,
      sameBytes: file.digests && file.digests.sha256 === existing.digests.sha256,
    });
  },
};

/** The maximum length of an expression in the log, in characters. */
const MAX_LOGGED = 255;

/** A file to be published, and the version it belongs to. */
interface PlacedFile {
  readonly ref: PackageRef;
  readonly version: VersionName;
  readonly file: PublishedFile;
}

/** The files that may already exist and do not go along with another file. */
function independentFiles(publication: Publication): readonly PlacedFile[] {
  const { project, format, name, version, files, ofNewVersion } = publication;
  if (version === undefined || ofNewVersion) return [];
  const ref = { projectId: project.id, format: format.id, name };
  return files.filter(({ goesAlong }) => !goesAlong).map((file) => ({ ref, version, file }));
}

function versionKey({ ref, version }: PlacedFile): Key {
  return keys.version(ref, version);
}

/** Where the file may be: under its identity, and under its name until it is upgraded from schema 1. */
function keysOf({ ref, version, file }: PlacedFile): Key[] {
  const names = new Set([identityOf(file), file.fileName]);
  return [...names].map((name) => keys.file(ref, version, name));
}

/** The keys of the groups above the project, nearest first. */
function groupKeys({ project, format }: Publication): Key[] {
  if (format.duplicates === 'never') return [];
  return [...project.ancestors].reverse().map((id) => keys.group(id));
}

/** The existing file, unless it belongs to a removed version or an unfinished publish. */
function existingFile(placed: PlacedFile, items: Items): PackageFile | undefined {
  const version = items.get<StoredVersion>(versionKey(placed));
  if (!version || version.claim) return undefined;
  const files = keysOf(placed).map((key) => items.get<PackageFile>(key));
  return files.find((file) => file?.versionId === version.id);
}

/** Whether a file has the same bytes as an existing one or, before its bytes have been read, may have. */
function mayBeSame({ digests, size }: PublishedFile, existing: PackageFile): boolean {
  if (digests) return digests.sha256 === existing.digests.sha256;
  return size === undefined || size === existing.size;
}

async function mayReplace(publication: Publication, items: Items, log: Log): Promise<boolean> {
  const { format, name, displayName = name, version = '', spelledVersion = version } = publication;
  if (format.duplicates === 'never') return false;
  const { allowed, exceptions } = nearestRule(publication, items) ?? {
    allowed: format.duplicatesAllowed ?? false,
    exceptions: '',
  };
  const excepted = exceptions !== '' && (await matchesAny(exceptions, [displayName, spelledVersion], log));
  return allowed !== excepted;
}

function nearestRule(publication: Publication, items: Items): DuplicateRule | undefined {
  return groupKeys(publication)
    .map((key) => items.get<Group>(key)?.settings.duplicates[publication.format.id])
    .find((rule) => rule !== undefined);
}

/**
 * Whether an expression matches one of the texts. One that was stored before its size was limited may match nothing;
 * this is logged. Loads the RE2 engine on first use: it is large, and few groups have exceptions.
 */
async function matchesAny(pattern: string, texts: readonly string[], log: Log): Promise<boolean> {
  const { matchesWhole, patternProblem } = await import('../../shared/text/user-pattern.ts');
  const problem = patternProblem(pattern);
  if (problem === undefined) return texts.some((text) => matchesWhole(pattern, text));
  log.error('an exception to a rule on duplicates is ignored', {
    expression: pattern.slice(0, MAX_LOGGED),
    reason: `it ${problem}`,
  });
  return false;
}
