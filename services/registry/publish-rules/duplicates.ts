import type { DuplicateRule, Group } from '../../domain/accounts.ts';
import { DuplicateFile } from '../../domain/errors.ts';
import { identityOf, type PackageFile, type PackageRef } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';
import type { Publication, PublishedFile, PublishRule } from './rule.ts';

/**
 * Whether files may be published again: by the rule of the nearest group above the project that has one, else by the
 * format's default. The exceptions of a rule invert it for the names and versions they match. A file that goes
 * along with another goes by the rule for that one.
 */
export const duplicates: PublishRule = {
  keys(publication) {
    const files = wholeFiles(publication);
    if (files.length === 0) return [];
    const ownKeys = files.map((file) => keyOf(publication, file));
    return [versionKey(publication), ...ownKeys, ...groupKeys(publication)];
  },
  async check(publication, items) {
    const taken = wholeFiles(publication)
      .map((file) => ({ file, there: fileThere(publication, file, items) }))
      .find(({ file, there }) => there && !(publication.format.idempotent && mayBeSame(file, there)));
    if (!taken?.there || (await mayReplace(publication, items))) return;
    const { file, there } = taken;
    throw new DuplicateFile({
      name: publication.displayName ?? publication.name,
      version: there.version,
      fileName: there.fileName,
      sameBytes: file.sha256 === undefined ? undefined : file.sha256 === there.digests.sha256,
    });
  },
};

/** The files that may be there already, and count by themselves. */
function wholeFiles({ version, files, ofNewVersion }: Publication): readonly PublishedFile[] {
  if (version === undefined || ofNewVersion) return [];
  return files.filter(({ goesAlong }) => !goesAlong);
}

function refOf({ project, format, name }: Publication): PackageRef {
  return { projectId: project.id, format: format.id, name };
}

function versionKey(publication: Publication): Key {
  return keys.version(refOf(publication), publication.version ?? '');
}

function keyOf(publication: Publication, file: PublishedFile): Key {
  return keys.file(refOf(publication), publication.version ?? '', identityOf(file));
}

/** The groups above the project, the nearest first. */
function groupKeys({ project, format }: Publication): Key[] {
  if (format.duplicates === 'never') return [];
  return [...project.ancestors].reverse().map((id) => keys.group(id));
}

/** The file that is there already; one of a version that was removed, or never finished, is none. */
function fileThere(publication: Publication, wanted: PublishedFile, items: Items): PackageFile | undefined {
  const version = items.get<StoredVersion>(versionKey(publication));
  const file = items.get<PackageFile>(keyOf(publication, wanted));
  return version && !version.claim && file?.versionId === version.id ? file : undefined;
}

/** Whether a file has the bytes of one that is there; before they have arrived, whether it can have. */
function mayBeSame({ sha256, size }: PublishedFile, there: PackageFile): boolean {
  if (sha256 !== undefined) return sha256 === there.digests.sha256;
  return size === undefined || size === there.size;
}

async function mayReplace(publication: Publication, items: Items): Promise<boolean> {
  const { format, name, displayName, version = '' } = publication;
  if (format.duplicates === 'never') return false;
  const { allowed, exceptions } = nearestRule(publication, items) ?? {
    allowed: format.duplicatesAllowed ?? false,
    exceptions: '',
  };
  const excepted = exceptions !== '' && (await matchesAny(exceptions, [displayName ?? name, version]));
  return allowed !== excepted;
}

function nearestRule(publication: Publication, items: Items): DuplicateRule | undefined {
  return groupKeys(publication)
    .map((key) => items.get<Group>(key)?.settings.duplicates[publication.format.id])
    .find((rule) => rule !== undefined);
}

/** The RE2 engine is large, and few groups have exceptions: it is loaded when one has. */
async function matchesAny(pattern: string, texts: readonly string[]): Promise<boolean> {
  const { matchesWhole } = await import('../../shared/text/user-pattern.ts');
  return texts.some((text) => matchesWhole(pattern, text));
}
