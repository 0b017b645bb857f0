import type { Project } from '../../domain/accounts.ts';
import type { Digests } from '../../domain/digests.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import type { PackageFile } from '../../domain/packages.ts';
import type { Key, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';

/** A file to be published, with what is known about it so far. */
export interface PublishedFile extends Pick<PackageFile, 'fileName' | 'identity'> {
  /** In bytes; undefined before the file has been read, unless the request states it. */
  readonly size?: number | undefined;
  /** Known once the file has been read. */
  readonly digests?: Digests | undefined;
  /** Whether it goes along with another file, and may be published again whenever that file may. */
  readonly goesAlong?: boolean;
}

/**
 * What is to be published, and where. Rules check it twice: before the body of the request is read, with what the
 * address says, and during the publish, with all details.
 */
export interface Publication {
  readonly project: Project;
  readonly format: FormatRules;
  /** Normalised by the format. */
  readonly name: PackageName;
  /** The name as the publisher spells it, if that differs from the normalised name. */
  readonly displayName?: string | undefined;
  readonly version?: VersionName | undefined;
  /** The version as the publisher spells it, if that differs from the normalized one. */
  readonly spelledVersion?: VersionName | undefined;
  readonly files: readonly PublishedFile[];
  /** Whether the version must not exist yet. If it does not, none of its files exists. */
  readonly ofNewVersion?: boolean;
}

/** Returns the key of the version of a publish that makes a new one; undefined if none is known. */
export function newVersionKey({
  project,
  format,
  name,
  version,
  ofNewVersion,
}: Publication): Key | undefined {
  if (!ofNewVersion || version === undefined) return undefined;
  return keys.version({ projectId: project.id, format: format.id, name }, version);
}

/** What rules may use besides the items they read. */
export type RuleContext = Pick<Registry, 'log' | 'clock'>;

/** A rule that may refuse a publish. */
export interface PublishRule {
  /** The keys of the items the rule needs; read together with everything else the publish reads. */
  keys(publication: Publication): readonly Key[];
  /**
   * Checks the publish against the items under `keys`. Logs stored settings that can't be followed.
   * @throws RegistryError if the publish is refused.
   */
  check(publication: Publication, items: Items, registry: RuleContext): void | Promise<void>;
  /** Returns writes that the publish makes with its own. They fail if the items have changed since they were read. */
  writes?(publication: Publication, items: Items): readonly Write[];
}
