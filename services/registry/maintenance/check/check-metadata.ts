import type { Project } from '../../../domain/accounts.ts';
import type { FormatRules } from '../../../domain/format-rules.ts';
import { type MetadataType, whyUnreadable } from '../../../domain/metadata.ts';
import type { VersionName } from '../../../domain/names.ts';
import type { PackageFile, PackageRef, Version } from '../../../domain/packages.ts';
import type { Key } from '../../../ports/table.ts';
import type { Registry } from '../../context.ts';
import { isOlderFile, keys } from '../../records/keys.ts';
import { type Items, readItems } from '../../records/read-items.ts';
import type { MetadataProblem } from '../storage-problems.ts';
import type { FoundFile } from './walk-files.ts';

/** Checks the metadata of versions and files as they are found, and collects what can't be read. */
export interface MetadataCheck {
  checkVersion(version: Version): void;
  checkFile(found: FoundFile): void;
  /** False once there are so many suspected problems that the rest is not checked. */
  complete(): boolean;
  /** Reads the suspected items again, and returns the problems that are still there. */
  confirmed(): Promise<MetadataProblem[]>;
}

/** Metadata that could not be read when it was found. */
interface Suspect {
  readonly ref: PackageRef;
  readonly type: MetadataType;
  readonly version: VersionName;
  /** The key of the file whose metadata it is; absent for metadata of the version. */
  readonly file?: Key;
}

/**
 * Makes a check with the metadata types of these formats, which stops after `enough` suspected problems. What is
 * removed and older copies of files are not checked, since nobody reads their metadata.
 */
export function metadataCheck(
  registry: Registry,
  formats: readonly FormatRules[],
  enough: number,
): MetadataCheck {
  const byId = new Map(formats.map((format) => [format.id, format]));
  const suspects: Suspect[] = [];
  const complete = () => suspects.length < enough;

  return {
    complete,
    checkVersion(version) {
      const type = byId.get(version.format)?.metadata;
      if (!type || !complete() || whyUnreadable(type, version) === undefined) return;
      const { projectId, format, name } = version;
      suspects.push({ ref: { projectId, format, name }, type, version: version.version });
    },
    checkFile({ stored }) {
      if (!stored || isOlderFile(stored.key)) return;
      const { key, ref, file } = stored;
      const type = byId.get(ref.format)?.fileMetadata;
      if (!type || !complete()) return;
      if (whyFileUnreadable(type, file) === undefined) return;
      suspects.push({ ref, type, version: file.version, file: key });
    },
    async confirmed() {
      const items = await readItems(registry.table, suspects.flatMap(keysOf));
      return suspects.flatMap((suspect) => problemOf(suspect, items) ?? []);
    },
  };
}

function keysOf({ ref, version, file }: Suspect): Key[] {
  return [keys.project(ref.projectId), keys.version(ref, version), ...(file ? [file] : [])];
}

/** The problem of a suspect that was read again; undefined if it is readable now, or has been removed. */
function problemOf({ ref, type, version, file: key }: Suspect, items: Items): MetadataProblem | undefined {
  const project = items.get<Project>(keys.project(ref.projectId));
  const stored = items.get<Version>(keys.version(ref, version));
  const file = key && items.get<PackageFile>(key);
  if (!project || !stored || (key && file?.versionId !== stored.id)) return undefined;
  const detail = file ? whyFileUnreadable(type, file) : whyUnreadable(type, stored);
  if (detail === undefined) return undefined;
  return {
    kind: 'unreadable-metadata',
    project: project.fullPath,
    format: ref.format,
    package: ref.name,
    version,
    ...(file && { file: file.fileName }),
    detail,
  };
}

/** Like `whyUnreadable`; a file without metadata is readable. */
function whyFileUnreadable(
  type: MetadataType,
  file: Pick<PackageFile, 'metadata' | 'layout'>,
): string | undefined {
  return file.metadata === undefined ? undefined : whyUnreadable(type, file);
}
