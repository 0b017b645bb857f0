import type { Project } from '../../domain/accounts.ts';
import {
  identityOf,
  isServed,
  type PackageFile,
  type PackageHead,
  type PackageRef,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import type { StoredHead } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';

/** What a request wants of a package beside its head. All of it is read by key, in one round trip. */
export interface Wanted {
  /** A version, as it is stored. */
  readonly version?: string | undefined;
  /** Files of the version. An empty list wants a copy of the version that has files, whatever their names. */
  readonly files?: readonly WantedFile[];
  /** The SHA-256 (lower-case hex) that the first of these files must have: with other bytes it is another file. */
  readonly sha256?: string;
  /** A tag. */
  readonly tag?: string | undefined;
}

/** A file by its name, and by its identity where the format gives it another. */
export type WantedFile = Pick<PackageFile, 'fileName' | 'identity'>;

/** One project's copy of a package, as far as it may be served. */
export interface Holding<M = unknown> {
  readonly project: Project;
  /** Absent when the project has no package of the name, as only a request to one project can find. */
  readonly head: PackageHead | undefined;
  /** The wanted version. Absent also when it is not served: a read can't tell the two apart. */
  readonly version: Version<M> | undefined;
  /** The wanted files of that version, by their names. */
  readonly files: ReadonlyMap<string, PackageFile>;
  /** The wanted tag, whatever version it names. */
  readonly tag: Tag | undefined;
}

/** The keys of what a holding consists of, for `holdingFrom`. */
export function holdingKeys(ref: PackageRef, { version, files = [], tag }: Wanted): Key[] {
  return [
    keys.head(ref),
    ...(version === undefined ? [] : [keys.version(ref, version)]),
    ...(version === undefined ? [] : files.map((file) => keys.file(ref, version, identityOf(file)))),
    ...(tag === undefined ? [] : [keys.tag(ref, tag)]),
  ];
}

/** A project's copy of a package, from the items under `holdingKeys`. */
export function holdingFrom<M>(items: Items, project: Project, ref: PackageRef, wanted: Wanted): Holding<M> {
  const head = items.get<StoredHead>(keys.head(ref));
  const stored =
    wanted.version === undefined ? undefined : items.get<Version<M>>(keys.version(ref, wanted.version));
  const version = stored && isServed(stored) ? stored : undefined;
  const files = version ? filesFrom(items, ref, version, wanted.files ?? []) : [];
  return {
    project,
    head: head?.live ? head : undefined,
    version,
    files: new Map(files.map((file) => [file.fileName, file])),
    tag: wanted.tag === undefined ? undefined : items.get<Tag>(keys.tag(ref, wanted.tag)),
  };
}

/**
 * Files that were read beside their version. One of a version that was deleted and published anew is not among them, nor
 * one whose name is only spelled otherwise.
 */
function filesFrom(
  items: Items,
  ref: PackageRef,
  { id, version }: Version,
  wanted: readonly WantedFile[],
): PackageFile[] {
  return wanted.flatMap((each) => {
    const file = items.get<PackageFile>(keys.file(ref, version, identityOf(each)));
    return file?.versionId === id && file.fileName === each.fileName ? [file] : [];
  });
}

/** Reads something else of a package in the projects where it was found. One round trip. */
export async function readHoldings<M>(
  { table }: Pick<Registry, 'table'>,
  found: readonly Pick<Holding, 'project' | 'head'>[],
  wanted: Wanted,
): Promise<Holding<M>[]> {
  const refs = found.flatMap(({ project, head }) => (head ? [{ project, ref: head }] : []));
  const items = await readItems(
    table,
    refs.flatMap(({ ref }) => holdingKeys(ref, wanted)),
  );
  return refs.map(({ project, ref }) => holdingFrom<M>(items, project, ref, wanted));
}
