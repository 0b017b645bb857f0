import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import {
  identityOf,
  isListed,
  type PackageFile,
  type PackageRef,
  type Tag,
  type Umbrella,
  type Version,
} from '../../domain/packages.ts';
import type { Item, Value, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import { presenceWrites } from '../indexes/restate-files.ts';
import { normalizeEqual } from '../maintenance/upgrade/to-6/normalize-equal.ts';
import { readNamesToTake } from '../names/take-names.ts';
import { showUses } from '../package-blobs/uses.ts';
import { currentVersion } from '../packages/claim-version.ts';
import { defaultTagOf } from '../packages/default-tag.ts';
import { namesOf } from '../packages/draft.ts';
import { moveHead } from '../packages/move-head.ts';
import {
  currentFileWrite,
  liveHeadWrites,
  nameWrites,
  taggedWrites,
  tagWrite,
  versionWrites,
} from '../packages/package-writes.ts';
import { planSubpackage } from '../packages/subpackages.ts';
import {
  entityOf,
  itemOf,
  maybeEntity,
  plainEntity,
  type StoredHead,
  type StoredVersion,
  storedAs,
  umbrellaNameOf,
} from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { isOlderFile } from '../records/parse-keys.ts';
import { queryAll } from '../records/query-all.ts';
import { readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { unchanged } from './remove-version.ts';
import { newestOf, type Removal, type RemovedFile, type RemovedVersion } from './removed.ts';
import { partlyRestored, removedTagWrite, restoreTags, TAGS_IN_RECORD } from './removed-tags.ts';

/** What to restore, and who restores it. `id` is the id of the version or file. */
export interface Restoration {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: PackageName;
  readonly id: number;
}

/** How many files one transaction restores, with up to three writes each. */
const FILES_AT_ONCE = 12;

/**
 * Restores a removed version with its files, its readme, and those of its tags that have not been set again since.
 * A call after an interrupted one continues it.
 * @throws RegistryError `packageNotFound` if it was not removed, or has already been purged.
 * @throws RegistryError `conflict` if the version has been published again.
 */
export async function restoreVersion<M>(registry: Registry, input: Restoration): Promise<Version<M>> {
  const { project, format, name, id } = input;
  const ref: PackageRef = { projectId: project.id, format, name };
  await normalizeEqual(registry, project, ref, id);
  const restored = await retryChanged(async (): Promise<Version<M>> => {
    for (;;) {
      const found = await readRemoved<M>(registry, ref, id);
      if ('partly' in found) return found.partly;
      const { head, removed } = found;
      if (removed.tags.length > TAGS_IN_RECORD) {
        await shortenRecord(registry, ref, removed);
        continue;
      }
      const items = await queryAll(registry.table, ranges.filesOf(ref, removed.version));
      const moves = restoringWrites(items, ref, id);
      if (moves.length <= FILES_AT_ONCE) {
        return restoreRecord(registry, input, removed, { fileWrites: moves.flat(), revision: head.revision });
      }
      const absent = { check: keys.version(ref, removed.version), when: { exists: false } };
      while (moves.length > FILES_AT_ONCE) {
        const some = moves.splice(0, FILES_AT_ONCE).flat();
        await registry.table.write([absent, ...some, ...revisionWrites(registry, ref)]);
      }
    }
  });
  await restoreTags(registry, restored);
  if (restored.apart) await showUses(registry, restored);
  registry.log.info('package restored', {
    project: project.id,
    format,
    package: name,
    version: restored.version,
  });
  return restored;
}

/**
 * Reads a removed version that can be restored, and the head of its package, before its files are read; or the version if
 * it is restored but for some of its tags.
 */
async function readRemoved<M>(
  registry: Registry,
  ref: PackageRef,
  id: number,
): Promise<
  { readonly head: StoredHead; readonly removed: RemovedVersion<M> } | { readonly partly: StoredVersion<M> }
> {
  const [headItem, removedItem] = await registry.table.getMany([
    keys.head(ref),
    keys.removedVersion(ref, id),
  ]);
  const head = maybeEntity<StoredHead>(headItem);
  const removed = maybeEntity<RemovedVersion<M>>(removedItem);
  if (!head || !removed || removed.purging) {
    const partly = removed ? undefined : await partlyRestored(registry, ref, id);
    if (!partly) throw new RegistryError('packageNotFound');
    return { partly: partly as StoredVersion<M> };
  }
  const present = maybeEntity<StoredVersion>(await registry.table.get(keys.version(ref, removed.version)));
  if (await currentVersion(registry, present)) throw publishedAgain(removed);
  return { head, removed };
}

/** Gives tags items of their own that do not fit into one transaction: records of earlier releases have more of them. */
async function shortenRecord(registry: Registry, ref: PackageRef, removed: RemovedVersion): Promise<void> {
  const { id, removedAt, tags } = removed;
  await registry.table.write([
    {
      update: keys.removedVersion(ref, id),
      set: { tags: tags.slice(0, TAGS_IN_RECORD) as unknown as Value },
      when: { equals: { removedAt, purging: undefined } },
    },
    ...tags.slice(TAGS_IN_RECORD).map((tag) => removedTagWrite(ref, id, tag)),
  ]);
}

/** Moves the package's revision, so that a concurrent restore whose files were displaced reads them again. */
function revisionWrites(registry: Registry, ref: PackageRef): Write[] {
  return moveHead(ref, registry.clock.now(), { touched: [], when: { exists: true } });
}

/**
 * The transaction that restores a version together with the last of its files. It fails if the package has changed since
 * its files were read, because other files may have displaced them.
 */
async function restoreRecord<M>(
  registry: Registry,
  input: Restoration,
  removed: RemovedVersion<M>,
  { fileWrites, revision }: { readonly fileWrites: readonly Write[]; readonly revision: number },
): Promise<Version<M>> {
  const { project } = input;
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: project.id, format: input.format, name: input.name };
  const { version, tags, umbrella: removedUmbrella } = withoutRemoval(removed, now);
  const restoredTags = tags.map(({ tag }) => tag);
  const byDefault = await defaultTagOf(registry, ref.format);
  const plan = planSubpackage(project, ref, removedUmbrella);
  const items = await readItems(registry.table, [
    keys.head(ref),
    keys.version(ref, version.version),
    keys.removedReadme(ref, version.id),
    ...plan.keys,
    ...restoredTags.map((tag) => keys.tag(ref, tag)),
  ]);
  if (items.get(keys.version(ref, version.version))) throw publishedAgain(version);
  const readme = items.get<Item>(keys.removedReadme(ref, version.id));
  const head = items.get<StoredHead>(keys.head(ref));
  const live = head?.live === true;
  // An umbrella published in the meantime is newer than the stored one.
  const umbrella = umbrellaNameOf(head) === undefined ? removedUmbrella : undefined;
  await registry.table.write([
    {
      delete: keys.removedVersion(ref, version.id),
      when: { equals: { id: version.id, purging: undefined } },
    },
    ...versionWrites(project, version, false),
    ...(readme
      ? [
          { put: itemOf(keys.readme(ref, version.version), { text: String(readme.text) }) },
          { delete: keys.removedReadme(ref, version.id) },
        ]
      : []),
    // The first version of a package has the default tag.
    ...[...new Set([...restoredTags, ...(byDefault && !live ? [byDefault.tag] : [])])].flatMap((tag) =>
      items.get(keys.tag(ref, tag))
        ? []
        : [
            { ...tagWrite(ref, tag, version.version, now), when: { exists: false } },
            ...taggedWrites(version, tag),
          ],
    ),
    ...fileWrites,
    ...(isListed(version) ? await presenceWrites(registry, version, true) : []),
    ...(umbrella ? plan.plan(items, now) : []),
    ...liveHeadWrites(ref, now, live, {
      version: version.version,
      versions: 1,
      umbrellaName: umbrella?.name,
      revision,
      heldSince: head?.heldSince ?? version.createdAt,
    }),
    ...(live ? [] : nameWrites(project, ref, now)),
    ...(await namesToTake(registry, input, removedUmbrella)),
    recordEvent(now, {
      ...eventFacts(input, version.version),
      type: 'package_restored',
      details: { id: version.id },
    }),
  ]);
  return version;
}

/** The writes that take the restored names, if they were removed before names had owners. */
async function namesToTake(
  registry: Registry,
  { project, format, name }: Restoration,
  umbrella: Umbrella | undefined,
): Promise<Write[]> {
  const rules = (await registry.formats()).find(({ id }) => id === format) ?? { id: format };
  const names = await readNamesToTake(registry, rules, namesOf({ name, umbrella }));
  return names.writes(project, registry.clock.now());
}

function publishedAgain({ name, version }: Version): RegistryError {
  return new RegistryError('conflict', `${name} ${version} has been published again; remove it first`);
}

function withoutRemoval<M>(
  removed: RemovedVersion<M>,
  now: number,
): { version: Version<M>; tags: readonly Tag[]; umbrella: Umbrella | undefined } {
  const { removedAt, removedBy, purgeAt, purging, withPackage, tags, ...rest } = plainEntity(removed);
  const { [storedAs.umbrella]: umbrella, ...version } = rest;
  return { version: { ...version, updatedAt: now }, tags, umbrella };
}

/**
 * The writes that make the newest copy of each file of a version the current file again, file by file. The
 * current file of another removed version becomes an older copy.
 */
function restoringWrites(items: readonly Item[], ref: PackageRef, versionId: number): Write[][] {
  const present = items.filter((item) => item.removedAt === undefined);
  const byIdentity = Map.groupBy(present, (item) => identityOf(entityOf<PackageFile>(item)));
  return [...byIdentity.values()].flatMap((copies): Write[][] => {
    const current = copies.find((item) => !isOlderFile(item));
    const own = copies.filter((item) => item.versionId === versionId);
    const newest =
      own.find((item) => item === current) ?? newestOf(own.map((item) => entityOf<Item & PackageFile>(item)));
    if (!newest || newest === current) return [];
    const file = plainEntity(entityOf<PackageFile>(newest));
    const other = current && plainEntity(entityOf<PackageFile>(current));
    return [
      [
        {
          ...currentFileWrite(ref, file),
          when: other ? { equals: { id: other.id } } : { exists: false },
        },
        { delete: { pk: newest.pk, sk: newest.sk }, when: { equals: { id: file.id } } },
        ...(other
          ? [{ put: itemOf(keys.olderFile(ref, other.version, identityOf(other), other.id), other) }]
          : []),
      ],
    ];
  });
}

/**
 * Restores a removed file, together with the files that were part of it and were removed with it.
 * @throws RegistryError `fileNotFound` if it was not removed, has already been purged, or its version is gone.
 * @throws RegistryError `conflict` if there is now another file with its identity.
 */
export async function restoreFile(
  registry: Registry,
  input: Restoration & { readonly version: VersionName },
): Promise<void> {
  const { project, format, name, version } = input;
  const ref: PackageRef = { projectId: project.id, format, name };
  await retryChanged(async () => {
    const stored = maybeEntity<StoredVersion>(await registry.table.get(keys.version(ref, version)));
    const items = await queryAll(registry.table, ranges.filesOf(ref, version));
    const target = items.find((item) => item.id === input.id && item.removedAt !== undefined);
    if (!stored || !target || target.versionId !== stored.id) throw new RegistryError('fileNotFound');
    const { removedAt, fileName } = entityOf<RemovedFile>(target);
    const parts = items.filter((item) => item.partOf === fileName && item.removedAt === removedAt);
    const files = [...parts, target].map((item) => entityOf<RemovedFile>(item));
    const taken = items.find(
      (item) =>
        !isOlderFile(item) &&
        files.some((file) => identityOf(file) === identityOf(entityOf<PackageFile>(item))),
    );
    if (taken) {
      throw new RegistryError(
        'conflict',
        `${String(taken.fileName)} has been published again; remove it first`,
      );
    }
    const own = { check: keys.version(ref, version), when: unchanged(stored) };
    const moves = files.map((file): Write[] => [
      { ...currentFileWrite(ref, presentFile(file)), when: { exists: false } },
      {
        delete: keys.olderFile(ref, file.version, identityOf(file), file.id),
        when: { equals: { id: file.id, removedAt } },
      },
    ]);
    // The file itself is restored last, so that a retry after a failure finds the remaining parts through it.
    for (let start = 0; moves.length > FILES_AT_ONCE; start += FILES_AT_ONCE) {
      const shown = files.slice(start, start + FILES_AT_ONCE);
      const some = moves.splice(0, FILES_AT_ONCE).flat();
      await registry.table.write([own, ...some, ...indexWrites(ref, { shown })]);
    }
    const now = registry.clock.now();
    await registry.table.write([
      ...moves.flat(),
      own,
      ...indexWrites(ref, { shown: files.slice(-moves.length) }),
      ...moveHead(ref, now, { touched: [version], when: { exists: true } }),
      recordEvent(now, {
        ...eventFacts(input, version),
        type: 'package_file_restored',
        details: { file: fileName },
      }),
    ]);
  });
}

function presentFile(file: RemovedFile): PackageFile {
  const { removedAt, removedBy, purgeAt, ...present } = plainEntity(file) as RemovedFile & Removal;
  return present;
}
