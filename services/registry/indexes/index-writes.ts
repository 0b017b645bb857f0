import { deflateRawSync } from 'node:zlib';
import { invalidPackage } from '../../domain/errors.ts';
import { isListed, type PackageFile, type PackageRef, type Version } from '../../domain/packages.ts';
import type { RepositoryIndex, Stanza, StanzaPlace } from '../../domain/repository-index.ts';
import type { Item, Write } from '../../ports/table.ts';
import { itemOf } from '../records/entities.ts';
import { type IndexRef, keys } from '../records/keys.ts';
import { partitionAttribute, type StanzaItem } from './records.ts';

/** The most stanzas of one file: publishes and deletions are transactions of limited size. */
export const MAX_STANZAS = 4;

/** The most bytes of an index's name, a partition and a key together; they become three times as many at worst. */
const MAX_NAME = 300;

/** Texts over so many characters are compressed, to at most so many bytes. */
const LONG = 4_000;
const MAX_BYTES = 120_000;

/** A file with what indexes say of it. */
export interface StatedFile {
  readonly file: PackageFile;
  readonly stanzas: readonly Stanza[];
  /** It was removed, or another file of its name has its place. */
  readonly hidden?: boolean;
}

/** What a transaction changes in the indexes of a package's project. A file is in one of the lists only. */
export interface IndexChanges {
  /** Files that are new, or of which indexes say something else from now on. */
  readonly stated?: readonly StatedFile[];
  /** Files whose stanzas go. */
  readonly removed?: readonly PackageFile[];
  /** Files that are removed or that others of their name take the place of, and files that come back. */
  readonly hidden?: readonly PackageFile[];
  readonly shown?: readonly PackageFile[];
  /** Versions that indexes tell of from now on, or no longer; `files` are all they have. */
  readonly listings?: readonly VersionListing[];
}

/** A version that indexes tell of, or not. */
export interface VersionListing {
  readonly versionId: number;
  readonly files: readonly Pick<PackageFile, 'stanzas'>[];
  readonly listed: boolean;
}

/** A file about to be stored, with the stanzas its format has for it. */
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
  const places = stanzas.map(({ index, partition, key }): StanzaPlace => ({ index, partition, key }));
  return { file: { ...file, stanzas: places }, stanzas };
}

/**
 * The writes by which indexes over all packages of a project follow a change, as part of its transaction. Each index
 * that is touched moves on by one revision, so that whoever reads it later has it built anew.
 */
export function indexWrites(ref: PackageRef, changes: IndexChanges): Write[] {
  const { stated = [], removed = [], hidden = [], shown = [], listings = [] } = changes;
  const touched = touchedPartitions(ref);
  const each = (files: readonly PackageFile[], write: (file: PackageFile, place: StanzaPlace) => Write) =>
    files.flatMap((file) =>
      (file.stanzas ?? []).map((place) => {
        touched.add(place);
        return write(file, place);
      }),
    );
  const keyOf = ({ id }: PackageFile, place: StanzaPlace) =>
    keys.stanza(refOf(ref, place), place.partition, place.key, id);
  const writes = [
    ...stated.flatMap(({ file, stanzas, hidden }) =>
      stanzas.map((stanza): Write => {
        touched.add(stanza);
        const item = stanzaItem(keyOf(file, stanza), file, stanza);
        return { put: hidden ? { ...item, hidden } : item };
      }),
    ),
    ...each(removed, (file, place) => ({ delete: keyOf(file, place) })),
    ...each(hidden, (file, place) => flagWrite(keyOf(file, place), true)),
    ...each(shown, (file, place) => flagWrite(keyOf(file, place), undefined)),
    ...listingWrites(ref, listings, touched.add),
  ];
  return [...writes, ...touched.writes()];
}

/** What keeps files of a version out of indexes while the version is not listed. */
export function unlisted(version: Version, files: readonly PackageFile[]): VersionListing[] {
  return isListed(version) ? [] : [{ versionId: version.id, files, listed: false }];
}

function refOf({ projectId, format }: PackageRef, { index }: Pick<StanzaPlace, 'index'>): IndexRef {
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

/** One item in each index says of a version, however many files it has, that the index does not tell of it. */
function listingWrites(
  ref: PackageRef,
  listings: readonly VersionListing[],
  touch: (place: StanzaPlace) => void,
): Write[] {
  const marks = new Map<string, Write>();
  for (const { versionId, files, listed } of listings) {
    for (const place of files.flatMap(({ stanzas = [] }) => stanzas)) {
      touch(place);
      const key = keys.unlisted(refOf(ref, place), versionId);
      marks.set(`${key.pk} ${key.sk}`, listed ? { delete: key } : { put: itemOf(key, { versionId }) });
    }
  }
  return [...marks.values()];
}

/** Gathers which partitions of which indexes change, for one write an index. */
function touchedPartitions(ref: PackageRef) {
  const touched = new Map<string, Set<string>>();
  return {
    add({ index, partition }: StanzaPlace): void {
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
