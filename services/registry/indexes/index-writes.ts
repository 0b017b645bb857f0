import { deflateRawSync } from 'node:zlib';
import { invalidPackage } from '../../domain/errors.ts';
import { isListed, type PackageFile, type PackageRef, type Version } from '../../domain/packages.ts';
import type { RepositoryIndex, Stanza, StanzaPosition } from '../../domain/repository-index.ts';
import type { Item, Write } from '../../ports/table.ts';
import { itemOf } from '../records/entities.ts';
import { type IndexRef, keys } from '../records/keys.ts';
import { partitionAttribute, type StanzaItem } from './records.ts';

/** The most stanzas per file, because publishes and removals are transactions of limited size. */
export const MAX_STANZAS = 4;

/**
 * The most bytes of an index name, a partition and a key together. Escaping makes them up to three times as long.
 */
const MAX_NAME = 300;

/** Texts longer than `LONG` characters are compressed, to at most `MAX_BYTES`. */
const LONG = 4_000;
const MAX_BYTES = 120_000;

/** A file with its stanzas in indexes. */
export interface StatedFile {
  readonly file: PackageFile;
  readonly stanzas: readonly Stanza[];
  /** Set if the file was removed or replaced by another of its name. */
  readonly hidden?: boolean;
}

/** The changes of a transaction to the indexes of a package's project. Each file is in one list only. */
export interface IndexChanges {
  /** Files that are new or whose stanzas change. */
  readonly stated?: readonly StatedFile[];
  /** Files whose stanzas are deleted. */
  readonly removed?: readonly PackageFile[];
  /** Files that are removed, or replaced by others of their name; and files that are restored. */
  readonly hidden?: readonly PackageFile[];
  readonly shown?: readonly PackageFile[];
  /** Versions that become listed or unlisted, with all of their files. */
  readonly listings?: readonly VersionListing[];
}

/** Whether indexes list a version. */
export interface VersionListing {
  readonly versionId: number;
  readonly files: readonly Pick<PackageFile, 'stanzas'>[];
  readonly listed: boolean;
}

/**
 * Returns a file to store, with the stanzas that its format makes for it.
 * @throws RegistryError `invalidPackage` if a name is too long for an index
 */
export function stateFile(
  index: RepositoryIndex | undefined,
  version: Version,
  file: PackageFile,
): StatedFile {
  if (!index) return { file, stanzas: [] };
  const stanzas = index.stanzas(version, file);
  if (stanzas.length > MAX_STANZAS) throw new RangeError(`${stanzas.length} stanzas for one file`);
  for (const { index, partition, key } of stanzas) {
    if (Buffer.byteLength(index + partition + key) > MAX_NAME) throw invalidPackage('The name is too long');
  }
  const positions = stanzas.map(({ index, partition, key }): StanzaPosition => ({ index, partition, key }));
  return { file: { ...file, stanzas: positions }, stanzas };
}

/**
 * Returns the writes that update the indexes over all packages of a project, as part of the transaction of a
 * change. They increment the revision of each affected index, so that the next read rebuilds it.
 */
export function indexWrites(ref: PackageRef, changes: IndexChanges): Write[] {
  const { stated = [], removed = [], hidden = [], shown = [], listings = [] } = changes;
  const touched = touchedPartitions(ref);
  const each = (
    files: readonly PackageFile[],
    write: (file: PackageFile, position: StanzaPosition) => Write,
  ) =>
    files.flatMap((file) =>
      (file.stanzas ?? []).map((position) => {
        touched.add(position);
        return write(file, position);
      }),
    );
  const keyOf = ({ id }: PackageFile, position: StanzaPosition) =>
    keys.stanza(refOf(ref, position), position.partition, position.key, id);
  const writes = [
    ...stated.flatMap(({ file, stanzas, hidden }) =>
      stanzas.map((stanza): Write => {
        touched.add(stanza);
        const item = stanzaItem(keyOf(file, stanza), file, stanza);
        return { put: hidden ? { ...item, hidden } : item };
      }),
    ),
    ...each(removed, (file, position) => ({ delete: keyOf(file, position) })),
    ...each(hidden, (file, position) => flagWrite(keyOf(file, position), true)),
    ...each(shown, (file, position) => flagWrite(keyOf(file, position), undefined)),
    ...listingWrites(ref, listings, touched.add),
  ];
  return [...writes, ...touched.writes()];
}

/** Returns the listing that keeps the files of an unlisted version out of indexes. */
export function unlisted(version: Version, files: readonly PackageFile[]): VersionListing[] {
  return isListed(version) ? [] : [{ versionId: version.id, files, listed: false }];
}

function refOf({ projectId, format }: PackageRef, { index }: Pick<StanzaPosition, 'index'>): IndexRef {
  return { projectId, format, index };
}

function flagWrite(key: ReturnType<typeof keys.stanza>, hidden: true | undefined): Write {
  return { update: key, set: { hidden }, when: { exists: true } };
}

function stanzaItem(
  key: ReturnType<typeof keys.stanza>,
  file: PackageFile,
  { key: stanzaKey, text }: Stanza,
): Item {
  const facts: StanzaItem = { key: stanzaKey, fileId: file.id, versionId: file.versionId };
  if (text.length <= LONG) return itemOf(key, { ...facts, text });
  const bytes = deflateRawSync(text);
  if (bytes.byteLength > MAX_BYTES) {
    throw invalidPackage(`The metadata of ${file.fileName} is too large for an index`);
  }
  return { ...itemOf(key, facts), bytes: new Uint8Array(bytes) };
}

/** Each index has one item per unlisted version, regardless of the number of its files. */
function listingWrites(
  ref: PackageRef,
  listings: readonly VersionListing[],
  touch: (position: StanzaPosition) => void,
): Write[] {
  const marks = new Map<string, Write>();
  for (const { versionId, files, listed } of listings) {
    for (const position of files.flatMap(({ stanzas = [] }) => stanzas)) {
      touch(position);
      const key = keys.unlisted(refOf(ref, position), versionId);
      marks.set(`${key.pk} ${key.sk}`, listed ? { delete: key } : { put: itemOf(key, { versionId }) });
    }
  }
  return [...marks.values()];
}

/** Collects the changed partitions by index, for one write per index. */
function touchedPartitions(ref: PackageRef) {
  const touched = new Map<string, Set<string>>();
  return {
    add({ index, partition }: StanzaPosition): void {
      const partitions = touched.get(index) ?? new Set();
      touched.set(index, partitions.add(partition));
    },
    writes: (): Write[] =>
      [...touched].map(([index, partitions]) => {
        const { projectId, format } = ref;
        const counts = [...partitions].map((partition) => [partitionAttribute(partition), 1] as const);
        return {
          update: keys.index(refOf(ref, { index })),
          add: { revision: 1, ...Object.fromEntries(counts) },
          set: { projectId, format, index },
        };
      }),
  };
}
