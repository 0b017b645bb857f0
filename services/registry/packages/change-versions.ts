import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor, VersionState } from '../../domain/events.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { MetadataType } from '../../domain/metadata.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import { isServed, type PackageRef, type PackageStatus, type Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import { restateVersion, versionChanges } from '../indexes/restate-files.ts';
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
  readonly format: FormatRules;
  readonly name: PackageName;
  readonly versions: readonly VersionName[];
  /** Returns what events say about a version's metadata before and after the change, each text up to `MAX_FACT` characters. */
  readonly facts?: (metadata: M) => Readonly<Record<string, string>>;
}

/** The parts of a published version that may change. Its files never do. */
export interface ChangedParts<M> {
  readonly status?: PackageStatus;
  readonly metadata?: M;
}

/** The longest text of a fact in an event, in characters. */
const MAX_FACT = 1024;

/** The most versions per transaction: an item may have 400 KB, a transaction 4 MB. Of indexed versions one. */
const BATCH = 8;

/** How many writes a transaction has for stanzas of files. */
const STANZA_ROOM = 60;

/** How many of the versions were found, and how many of these were changed. */
export interface VersionsChanged {
  readonly found: number;
  readonly changed: number;
}

/**
 * Changes versions of a package. `change` returns the new parts, or undefined to leave a version unchanged. Many
 * versions are changed in several transactions, each of which increments the package's revision. Skips versions
 * that are missing, not served, or have unreadable metadata. Indexes over all packages follow in the same transaction; if
 * a version has too many files for it, in further ones. `M` is the type that the format's `metadata` reads.
 */
export function changeVersions<M>(
  registry: Registry,
  input: VersionsChange<M>,
  change: (version: Version<M>) => ChangedParts<M> | undefined,
): Promise<VersionsChanged> {
  const metadata = input.format.metadata as MetadataType<M> | undefined;
  return changeAll<M>(registry, input, {
    change,
    read: (version) =>
      metadata ? readMetadata(registry, version, metadata) : (version as StoredVersion & Version<M>),
  });
}

/**
 * Changes the status of versions, even if their metadata is unreadable: see `changeVersions`. `change` returns the new
 * status, or undefined to leave a version unchanged.
 */
export function changeStatuses(
  registry: Registry,
  input: Omit<VersionsChange<unknown>, 'facts'>,
  change: (version: Omit<Version, 'metadata'>) => PackageStatus | undefined,
): Promise<VersionsChanged> {
  return changeAll<unknown>(registry, input, {
    read: (version) => version,
    change(version) {
      const status = change(version);
      return status && { status };
    },
  });
}

/** How to read and change a version. */
interface VersionChanger<M> {
  /** Returns undefined for a version that can't be changed. */
  read(version: StoredVersion & Version): (StoredVersion & Version<M>) | undefined;
  change(version: Version<M>): ChangedParts<M> | undefined;
}

async function changeAll<M>(
  registry: Registry,
  input: VersionsChange<M>,
  changer: VersionChanger<M>,
): Promise<VersionsChanged> {
  let found = 0;
  let changed = 0;
  const batch = input.format.index ? 1 : BATCH;
  for (let start = 0; start < input.versions.length; start += batch) {
    const some = input.versions.slice(start, start + batch);
    const done = await retryChanged(() => changeSome(registry, { ...input, versions: some }, changer));
    found += done.found;
    changed += done.changed;
    for (const version of done.unfinished)
      await restateVersion(registry, input.format, refOf(input), version);
  }
  if (changed > 0) {
    const { project, format, name } = input;
    const fields = { project: project.id, format: format.id, package: name, versions: changed };
    registry.log.info('package changed', fields);
  }
  return { found, changed };
}

async function changeSome<M>(
  registry: Registry,
  input: VersionsChange<M>,
  { read, change }: VersionChanger<M>,
): Promise<VersionsChanged & { readonly unfinished: readonly VersionName[] }> {
  const { project, format } = input;
  const ref = refOf(input);
  const now = registry.clock.now();
  const [headItem, ...items] = await registry.table.getMany([
    keys.head(ref),
    ...input.versions.map((version) => keys.version(ref, version)),
  ]);
  const head = maybeEntity<StoredHead>(headItem);
  if (!head?.live) throw new RegistryError('packageNotFound');
  const found = items.flatMap((item): (StoredVersion & Version<M>)[] => {
    const version = maybeEntity<StoredVersion & Version>(item);
    const readable = version && isServed(version) ? read(version) : undefined;
    return readable ? [readable] : [];
  });
  const changes = found.flatMap((before): Changed<M>[] => {
    const parts = change(before);
    const updatedAt = Math.max(now, before.updatedAt + 1);
    return parts ? [{ before, after: { ...before, ...parts, updatedAt } }] : [];
  });
  const counts = { found: found.length, changed: changes.length };
  if (changes.length === 0) return { ...counts, unfinished: [] };
  const restated = await Promise.all(
    changes.map((change) =>
      versionChanges(registry, change.before.indexed ? format.index : undefined, change, {
        room: STANZA_ROOM,
      }),
    ),
  );
  const changed = restated.map(({ after }) => after);
  await registry.table.write([
    ...changed.flatMap((version) => changedVersionWrites(project, version)),
    ...moveHead(ref, now, {
      touched: changed.map(({ version }) => version),
      when: { equals: { revision: head.revision } },
    }),
    ...restated.flatMap(({ changes, fileWrites }) => [...fileWrites, ...indexWrites(ref, changes)]),
    ...changes.map(({ before, after }) =>
      recordEvent(now, {
        ...eventFacts({ ...input, format: format.id }, after.version),
        type: 'package_changed',
        details: { before: stateOf(before, input), after: stateOf(after, input) },
      }),
    ),
  ]);
  const unfinished = restated.flatMap((each) => (each.unfinished ? [each.after.version] : []));
  return { ...counts, unfinished };
}

function refOf({
  project,
  format,
  name,
}: Pick<VersionsChange<unknown>, 'project' | 'format' | 'name'>): PackageRef {
  return { projectId: project.id, format: format.id, name };
}

function stateOf<M>({ status, metadata }: Version<M>, { facts }: VersionsChange<M>): VersionState {
  if (!facts) return { status };
  const texts = Object.entries(facts(metadata)).map(([name, text]) => [name, cut(text)]);
  return { status, facts: Object.fromEntries(texts) };
}

/** Cuts a long text, but not within a surrogate pair. */
function cut(text: string): string {
  if (text.length <= MAX_FACT) return text;
  const kept = text.slice(0, MAX_FACT - 1);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

/** A version before and after its change. */
interface Changed<M> {
  readonly before: StoredVersion & Version<M>;
  readonly after: Version<M>;
}
