import type { Project } from '../../../domain/accounts.ts';
import type { FormatRules } from '../../../domain/format-rules.ts';
import { type MetadataType, type StoredMetadata, whyUnreadable } from '../../../domain/metadata.ts';
import type { PackageName, VersionName } from '../../../domain/names.ts';
import type { PackageFile, PackageRef, Subpackage, Version } from '../../../domain/packages.ts';
import type { Key } from '../../../ports/table.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { Registry } from '../../context.ts';
import { entityOf, type StoredHead, umbrellaNameOf } from '../../records/entities.ts';
import { keys, ranges } from '../../records/keys.ts';
import { isOlderFile } from '../../records/parse-keys.ts';
import { queryPages } from '../../records/query-all.ts';
import { type Items, readItems } from '../../records/read-items.ts';
import type { MetadataProblem } from '../storage-problems.ts';
import type { FoundFile } from './walk-files.ts';

/** Checks stored metadata, and collects what can't be read. */
export interface MetadataCheck {
  /**
   * Checks the metadata of all versions of some packages, and what their umbrellas' indexes say about them. Returns the
   * number of versions.
   */
  checkPackages(packages: readonly PackageRef[], concurrency: number): Promise<number>;
  checkFile(found: FoundFile): void;
  /** False once there are so many suspected problems that the rest is not checked. */
  complete(): boolean;
  /** Reads the suspected items again, and returns the problems that are still there. */
  confirmed(): Promise<MetadataProblem[]>;
}

/** Metadata that could not be read when it was found: of a version, of a file of it, or of a subpackage. */
interface Suspect {
  readonly ref: PackageRef;
  readonly type: MetadataType;
  readonly version?: VersionName;
  readonly file?: Key;
  readonly subpackage?: PackageName;
}

/**
 * Makes a check with the metadata types of these formats, which stops after `enough` suspected problems. What is
 * removed and older copies of files are not checked, since nobody reads their metadata.
 */
export function metadataCheck(
  { table }: Registry,
  formats: readonly FormatRules[],
  enough: number,
): MetadataCheck {
  const byId = new Map(formats.map((format) => [format.id, format]));
  const suspects: Suspect[] = [];
  const complete = () => suspects.length < enough;

  function check(stored: StoredMetadata, suspect: Omit<Suspect, 'type'>, type: MetadataType | undefined) {
    if (type && complete() && whyUnreadable(type, stored) !== undefined) suspects.push({ ...suspect, type });
  }

  async function checkVersions(ref: PackageRef): Promise<number> {
    let count = 0;
    for await (const items of queryPages(table, ranges.versions(ref))) {
      for (const item of items) {
        const version = entityOf<Version>(item);
        check(version, { ref, version: version.version }, byId.get(ref.format)?.metadata);
      }
      count += items.length;
    }
    return count;
  }

  async function checkSubpackages(packages: readonly PackageRef[]): Promise<void> {
    const heads = await readItems(table, packages.map(keys.head));
    const links = packages.flatMap((ref) => {
      const umbrella = umbrellaNameOf(heads.get<StoredHead>(keys.head(ref)));
      return umbrella === undefined ? [] : [{ ref: { ...ref, name: umbrella }, subpackage: ref.name }];
    });
    const items = await readItems(table, links.map(subpackageKey));
    for (const link of links) {
      const stored = items.get<Subpackage>(subpackageKey(link));
      if (stored) check(stored, link, byId.get(link.ref.format)?.subpackageMetadata);
    }
  }

  return {
    complete,
    async checkPackages(packages, concurrency) {
      const counts = await mapConcurrently(packages, concurrency, checkVersions);
      await checkSubpackages(packages.filter(({ format }) => byId.get(format)?.subpackageMetadata));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    checkFile({ stored }) {
      if (!stored || isOlderFile(stored.key) || stored.file.metadata === undefined) return;
      const { key, ref, file } = stored;
      check(file, { ref, version: file.version, file: key }, byId.get(ref.format)?.fileMetadata);
    },
    async confirmed() {
      const items = await readItems(table, suspects.flatMap(keysOf));
      return suspects.flatMap((suspect) => problemOf(suspect, items) ?? []);
    },
  };
}

function subpackageKey({
  ref,
  subpackage,
}: {
  readonly ref: PackageRef;
  readonly subpackage: PackageName;
}): Key {
  return keys.subpackage(ref, subpackage);
}

function keysOf({ ref, version, file, subpackage }: Suspect): Key[] {
  return [
    keys.project(ref.projectId),
    ...(version === undefined ? [] : [keys.version(ref, version)]),
    ...(file ? [file] : []),
    ...(subpackage === undefined ? [] : [keys.subpackage(ref, subpackage)]),
  ];
}

/** The problem of a suspect that was read again; undefined if it is readable now, or has been removed. */
function problemOf(suspect: Suspect, items: Items): MetadataProblem | undefined {
  const { ref, type, version, subpackage } = suspect;
  const project = items.get<Project>(keys.project(ref.projectId));
  const file = suspect.file && items.get<PackageFile>(suspect.file);
  const stored = storedMetadata(suspect, items);
  const detail = stored && whyUnreadable(type, stored);
  if (!project || detail === undefined) return undefined;
  return {
    kind: 'unreadable-metadata',
    project: project.fullPath,
    format: ref.format,
    package: ref.name,
    ...(version !== undefined && { version }),
    ...(file && { file: file.fileName }),
    ...(subpackage !== undefined && { subpackage }),
    detail,
  };
}

/** The metadata of a suspect; undefined if it has been removed. */
function storedMetadata(
  { ref, version, file: fileKey, subpackage }: Suspect,
  items: Items,
): StoredMetadata | undefined {
  if (subpackage !== undefined) return items.get<Subpackage>(keys.subpackage(ref, subpackage));
  const stored = version && items.get<Version>(keys.version(ref, version));
  if (!fileKey || !stored) return stored;
  const file = items.get<PackageFile>(fileKey);
  return file?.versionId === stored.id && file.metadata !== undefined ? file : undefined;
}
