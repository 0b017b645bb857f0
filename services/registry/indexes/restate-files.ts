import type { FormatRules } from '../../domain/format-rules.ts';
import type { VersionName } from '../../domain/names.ts';
import { isListed, type PackageFile, type PackageRef, type Version } from '../../domain/packages.ts';
import type { RepositoryIndex, StanzaPosition } from '../../domain/repository-index.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { readMetadata } from '../packages/read-metadata.ts';
import type { StoredHead, StoredVersion } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { filesOfVersion, type StoredFile, storedFileOf } from '../removal/removed.ts';
import { type IndexChanges, indexWrites, type StatedFile, stateFile, unlisted } from './index-writes.ts';

/**
 * How many files one transaction restates, each with up to four new stanzas, four old ones, and an update of its record.
 */
const FILES_AT_ONCE = 6;

/** The changes that update the stanzas of a version's files after its metadata has changed. */
interface Restated {
  readonly changes: Required<Pick<IndexChanges, 'stated' | 'removed'>>;
  /** Updates of the positions of stanzas in file records, if they have changed. */
  readonly fileWrites: readonly Write[];
}

/** Makes the stanzas of a version's files again, after its metadata has changed. */
function restateFiles(index: RepositoryIndex, version: Version, files: readonly StoredFile[]): Restated {
  const stated: StatedFile[] = [];
  const removed: PackageFile[] = [];
  const fileWrites: Write[] = [];
  for (const { key, file: before, current } of files) {
    const after = stateFile(index, version, before);
    stated.push({ ...after, hidden: !current || before.removedAt !== undefined });
    const stale = without(before.stanzas ?? [], after.file.stanzas ?? []);
    if (stale.length === 0 && before.stanzas?.length === after.file.stanzas?.length) continue;
    removed.push({ ...before, stanzas: stale });
    const positions = (after.file.stanzas ?? []).map((position) => ({ ...position }));
    fileWrites.push({ update: key, set: { stanzas: positions }, when: { equals: { id: before.id } } });
  }
  return { changes: { stated, removed }, fileWrites };
}

function without(positions: readonly StanzaPosition[], others: readonly StanzaPosition[]): StanzaPosition[] {
  const name = ({ index, partition, key }: StanzaPosition) => JSON.stringify([index, partition, key]);
  const kept = new Set(others.map(name));
  return positions.filter((position) => !kept.has(name(position)));
}

/** A version before its change, undefined if it is new, and after it. */
export interface VersionChange<M> {
  readonly before: Version | undefined;
  readonly after: Version<M>;
}

/** The part of the transaction that changes a version that updates indexes. */
export interface VersionChanges<M> {
  readonly changes: IndexChanges;
  readonly fileWrites: readonly Write[];
  /** The version to store. */
  readonly after: Version<M>;
  /** Whether `restateVersion` must run after the transaction, because the version has too many files for it. */
  readonly unfinished: boolean;
}

/**
 * Returns the index changes of a changed version. If its metadata has changed, the stanzas of its existing files
 * are made again, except those of `except`. If it becomes listed or unlisted, so do all its files.
 * @param room how many writes the transaction has for stanzas of existing files
 * @throws RegistryError `invalidPackage` if an index can't describe a file with the new metadata
 */
export async function versionChanges<M>(
  registry: Registry,
  index: RepositoryIndex | undefined,
  { before, after }: VersionChange<M>,
  { room, except = [] }: { readonly room: number; readonly except?: readonly Pick<PackageFile, 'id'>[] },
): Promise<VersionChanges<M>> {
  const flips = before !== undefined && isListed(before) !== isListed(after);
  const factsChange = index !== undefined && before !== undefined && before.metadata !== after.metadata;
  if (!flips && !factsChange) return { changes: {}, fileWrites: [], after, unfinished: false };
  const stored = await filesOfVersion(registry, after, after);
  const files = stored.map(({ file }) => file);
  const listing = (all: readonly PackageFile[]) => ({
    versionId: after.id,
    files: all,
    listed: isListed(after),
  });
  if (!factsChange) {
    return { changes: { listings: [listing(files)] }, fileWrites: [], after, unfinished: false };
  }
  const others = stored.filter(({ file }) => !except.some(({ id }) => id === file.id));
  const { changes, fileWrites } = restateFiles(index, after, others);
  const moved = changes.stated.map(({ file }) => file);
  const listings = flips || !isListed(after) ? [listing([...files, ...moved])] : [];
  const { restating: _, ...rest } = after as StoredVersion<M>;
  if (writesOf(changes) + fileWrites.length <= room) {
    return { changes: { ...changes, listings }, fileWrites, after: rest, unfinished: false };
  }
  const unfinished: StoredVersion<M> = { ...rest, restating: after.updatedAt };
  return { changes: { listings }, fileWrites: [], after: unfinished, unfinished: true };
}

function writesOf({ stated, removed }: Restated['changes']): number {
  const added = stated.reduce((sum, { stanzas }) => sum + stanzas.length, 0);
  return removed.reduce((sum, { stanzas = [] }) => sum + stanzas.length, added);
}

/** The format of a version, as far as its stanzas depend on it. */
export interface RestatingRules {
  readonly index?: RepositoryIndex | undefined;
  readonly metadata?: FormatRules['metadata'] | undefined;
}

/**
 * Makes the stanzas of a version's files again, in as many transactions as needed, if a change of its metadata has left
 * that to do. Until it is done, indexes may describe some of its files as before. Can be interrupted and called again, also
 * concurrently.
 */
export async function restateVersion(
  registry: Registry,
  rules: RestatingRules,
  ref: PackageRef,
  version: VersionName,
  signal?: AbortSignal,
): Promise<void> {
  let position: RestatingPosition | undefined = {};
  while (position) {
    signal?.throwIfAborted();
    const from: RestatingPosition = position;
    position = await retryChanged(() => restateSome(registry, rules, { ref, version }, from));
  }
}

/** How far a version is restated: after which file, for which change. Starts anew if the version has changed again. */
interface RestatingPosition {
  readonly restating?: number;
  readonly after?: string;
}

async function restateSome(
  registry: Registry,
  { index, metadata }: RestatingRules,
  { ref, version }: { readonly ref: PackageRef; readonly version: VersionName },
  from: RestatingPosition,
): Promise<RestatingPosition | undefined> {
  const { table } = registry;
  const key = keys.version(ref, version);
  const items = await readItems(table, [keys.head(ref), key]);
  const head = items.get<StoredHead>(keys.head(ref));
  const stored = items.get<StoredVersion>(key);
  const restating = stored?.restating;
  if (!index || !head || !stored || restating === undefined) return undefined;
  const after = from.restating === restating ? from.after : undefined;
  const range = { ...ranges.filesOf(ref, version), limit: FILES_AT_ONCE };
  const page = await table.query(after === undefined ? range : { ...range, after });
  const current = metadata ? readMetadata(registry, stored, metadata) : stored;
  const own = page.items.flatMap((item) => storedFileOf(item, stored) ?? []);
  const { changes, fileWrites } = restateFiles(index, current ?? stored, current ? own : []);
  const when = { equals: { id: stored.id, restating } };
  await table.write([
    // Nothing has hidden, shown or added files since they were read.
    { check: keys.head(ref), when: { equals: { revision: head.revision } } },
    page.more ? { check: key, when } : { update: key, set: { restating: undefined }, when },
    ...fileWrites,
    ...indexWrites(ref, {
      ...changes,
      listings: unlisted(
        stored,
        changes.stated.map(({ file }) => file),
      ),
    }),
  ]);
  const last = page.items.at(-1);
  return page.more && last ? { restating, after: last.sk } : undefined;
}

/** Returns the writes that update indexes when a version is removed or restored. */
export async function presenceWrites(
  registry: Registry,
  version: StoredVersion,
  listed: boolean,
): Promise<Write[]> {
  if (!version.indexed) return [];
  const files = (await filesOfVersion(registry, version, version)).map(({ file }) => file);
  return indexWrites(version, { listings: [{ versionId: version.id, files, listed }] });
}
