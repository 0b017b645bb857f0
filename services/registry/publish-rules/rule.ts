import type { Project } from '../../domain/accounts.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageFile } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { Items } from '../records/read-items.ts';

/** A file that is to be published, as far as it is known. */
export interface PublishedFile extends Pick<PackageFile, 'fileName' | 'identity'> {
  /** In bytes; undefined before they were read, unless the request says it. */
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
  /** Whether it goes with another file, and may be there again whenever that one may. */
  readonly goesAlong?: boolean;
}

/**
 * What is to be published, and where. Rules decide on it twice: before the body of the request is read, when they know
 * what its address says, and in the verb that publishes, when they know everything.
 */
export interface Publication {
  readonly project: Project;
  readonly format: FormatRules;
  /** Normalised by the format. */
  readonly name: string;
  /** The name as its publisher writes it, where that is not the normalised one. */
  readonly displayName?: string | undefined;
  readonly version?: string | undefined;
  readonly files: readonly PublishedFile[];
  /** The version must not be there yet, so none of the files can be. */
  readonly ofNewVersion?: boolean;
}

/** Something that may refuse a publish. */
export interface PublishRule {
  /** The keys of the items by which it decides; read with everything else the publish reads. */
  keys(publication: Publication): readonly Key[];
  /**
   * Decides by the items under those keys.
   * @throws RegistryError when the publish is refused
   */
  check(publication: Publication, items: Items): void | Promise<void>;
}
