import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { MetadataType } from '../../domain/metadata.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import { isServed, type PackageRef, type PackageStatus, type Version } from '../../domain/packages.ts';
import type { RepositoryIndex } from '../../domain/repository-index.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import { versionChanges } from '../indexes/restate-files.ts';
import { maybeEntity, type StoredHead, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { moveHead } from './move-head.ts';
import { changedVersionWrites } from './package-writes.ts';
import { readMetadata } from './read-metadata.ts';

/** The versions of a package to change, and the actor. */
export interface VersionsChange<M> {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  /** How to read metadata; absent only if the change does not concern it. */
  readonly metadata?: MetadataType<M>;
  /** The format's indexes over all packages of a project; required if metadata changes. */
  readonly index?: RepositoryIndex | undefined;
  readonly name: PackageName;
  readonly versions: readonly VersionName[];
}

/** The parts of a published version that may change. Its files never do. */
export interface ChangedParts<M> {
  readonly status?: PackageStatus;
  readonly metadata?: M;
}

/** The most versions per transaction: an item may have 400 KB, a transaction 4 MB. */
const BATCH = 8;

/** How many of the versions were found, and how many of these were changed. */
export interface VersionsChanged {
  readonly found: number;
  readonly changed: number;
}

/**
 * Changes versions of a package. `change` returns the new parts, or undefined to leave a version unchanged. Many
 * versions are changed in several transactions, each of which increments the package's revision. Skips versions
 * that are missing, not served, or have unreadable metadata.
 */
export async function changeVersions<M>(
  registry: Registry,
  input: VersionsChange<M>,
  change: (version: Version<M>) => ChangedParts<M> | undefined,
): Promise<VersionsChanged> {
  let found = 0;
  let changed = 0;
  for (let start = 0; start < input.versions.length; start += BATCH) {
    const some = input.versions.slice(start, start + BATCH);
    const done = await retryChanged(() => changeSome(registry, { ...input, versions: some }, change));
    found += done.found;
    changed += done.changed;
  }
  if (changed > 0) {
    const { project, format, name } = input;
    registry.log.info('package changed', { project: project.id, format, package: name, versions: changed });
  }
  return { found, changed };
}

async function changeSome<M>(
  registry: Registry,
  input: VersionsChange<M>,
  change: (version: Version<M>) => ChangedParts<M> | undefined,
): Promise<VersionsChanged> {
  const { project, format, name, metadata } = input;
  const ref: PackageRef = { projectId: project.id, format, name };
  const now = registry.clock.now();
  const [headItem, ...items] = await registry.table.getMany([
    keys.head(ref),
    ...input.versions.map((version) => keys.version(ref, version)),
  ]);
  const head = maybeEntity<StoredHead>(headItem);
  if (!head?.live) throw new RegistryError('packageNotFound');
  const found = items.flatMap((item): (StoredVersion & Version<M>)[] => {
    const version = maybeEntity<StoredVersion & Version<M>>(item);
    if (!version || !isServed(version)) return [];
    const readable = metadata ? readMetadata(registry, version, metadata) : version;
    return readable ? [readable] : [];
  });
  const changes = found.flatMap((before): Changed<M>[] => {
    const parts = change(before);
    return parts ? [{ before, after: { ...before, ...parts, updatedAt: now } }] : [];
  });
  const changed = changes.map(({ after }) => after);
  const counts = { found: found.length, changed: changed.length };
  if (changed.length === 0) return counts;
  await registry.table.write([
    ...changed.flatMap((version) => changedVersionWrites(project, version)),
    ...moveHead(ref, now, {
      touched: changed.map(({ version }) => version),
      when: { equals: { revision: head.revision } },
    }),
    ...(await indexedChanges(registry, input, changes)),
    ...changes.map(({ before, after }) =>
      recordEvent(now, {
        ...eventFacts(input, after.version),
        type: 'package_changed',
        details: { before: { status: before.status }, after: { status: after.status } },
      }),
    ),
  ]);
  return counts;
}

/** A version before and after its change. */
interface Changed<M> {
  readonly before: StoredVersion & Version<M>;
  readonly after: Version<M>;
}

/** Returns the writes that update the indexes over all packages of the project. */
async function indexedChanges<M>(
  registry: Registry,
  { project, format, name, index }: VersionsChange<M>,
  changes: readonly Changed<M>[],
): Promise<Write[]> {
  const indexed = changes.filter(({ before }) => before.indexed);
  const all = await Promise.all(indexed.map((change) => versionChanges(registry, index, change)));
  const merged = {
    stated: all.flatMap((each) => each.changes.stated ?? []),
    removed: all.flatMap((each) => each.changes.removed ?? []),
    listings: all.flatMap((each) => each.changes.listings ?? []),
  };
  const ref = { projectId: project.id, format, name };
  return [...all.flatMap((each) => each.fileWrites), ...indexWrites(ref, merged)];
}
