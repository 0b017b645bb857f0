import { RegistryError } from '../../domain/errors.ts';
import { isListed, type PackageFile, type Version } from '../../domain/packages.ts';
import type { RepositoryIndex, StanzaPosition } from '../../domain/repository-index.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import type { StoredVersion } from '../records/entities.ts';
import { filesOfVersion, type StoredFile } from '../removal/removed.ts';
import { type IndexChanges, indexWrites, type StatedFile, stateFile } from './index-writes.ts';

/** The most files whose stanzas can be updated in the transaction that changes their version. */
const MAX_FILES = 15;

/** The changes that update the stanzas of a version's files after its metadata has changed. */
interface Restated {
  readonly changes: Required<Pick<IndexChanges, 'stated' | 'removed'>>;
  /** Updates of the positions of stanzas in file records, if they have changed. */
  readonly fileWrites: readonly Write[];
}

/** Makes the stanzas of a version's files again, after its metadata has changed. */
function restateFiles(index: RepositoryIndex, version: Version, files: readonly StoredFile[]): Restated {
  if (files.length > MAX_FILES) {
    throw new RegistryError('conflict', 'The version has too many files for its metadata to change');
  }
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
export interface VersionChange {
  readonly before: Version | undefined;
  readonly after: Version;
}

/**
 * Returns the index changes of a changed version. If its metadata has changed, the stanzas of its existing files
 * are made again, except those of `except`. If it becomes listed or unlisted, so do all its files.
 */
export async function versionChanges(
  registry: Registry,
  index: RepositoryIndex | undefined,
  { before, after }: VersionChange,
  except: readonly Pick<PackageFile, 'id'>[] = [],
): Promise<{ readonly changes: IndexChanges; readonly fileWrites: readonly Write[] }> {
  const flips = before !== undefined && isListed(before) !== isListed(after);
  const factsChange = index !== undefined && before !== undefined && before.metadata !== after.metadata;
  if (!flips && !factsChange) return { changes: {}, fileWrites: [] };
  const stored = await filesOfVersion(registry, after, after);
  const files = stored.map(({ file }) => file);
  const listing = (all: readonly PackageFile[]) => ({
    versionId: after.id,
    files: all,
    listed: isListed(after),
  });
  if (!factsChange) return { changes: { listings: [listing(files)] }, fileWrites: [] };
  const rest = stored.filter(({ file }) => !except.some(({ id }) => id === file.id));
  const { changes, fileWrites } = restateFiles(index, after, rest);
  const moved = changes.stated.map(({ file }) => file);
  const listings = flips || !isListed(after) ? [listing([...files, ...moved])] : [];
  return { changes: { ...changes, listings }, fileWrites };
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
