import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile, PackageRef, Version } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile, unlisted } from '../indexes/index-writes.ts';
import { versionChanges } from '../indexes/restate-files.ts';
import { maybeEntity, type StoredHead, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { type Listing, planListing } from './listings.ts';
import {
  addedToVersion,
  amendedVersionWrites,
  fileWrites,
  liveHeadWrites,
  nameWrites,
  readmeWrites,
  versionWrites,
} from './package-writes.ts';
import { eventFacts, type NewVersion, newFile, newVersion, placed } from './publish-version.ts';

/** Files to add to a version; the version's facts count when these are its first, later ones only by `amend`. */
export interface AddedFiles<M> extends Omit<NewVersion<M>, 'tags'> {
  /** Whether files of these names may be there already; the new ones then take their place. */
  readonly duplicates: 'allow' | 'refuse';
  /** Whether files that are there with the same bytes are no duplicates; when all are, nothing changes. */
  readonly idempotent?: boolean;
  /** The id of the version that must be there; where it is not, or another is in its place, none is made. */
  readonly mustExist?: number;
  /** What the facts of a version that is there become with these files; undefined leaves them as they are. */
  readonly amend?: ((metadata: M) => M | undefined) | undefined;
  /** Another name of the project that lists the package from now on. */
  readonly listing?: Listing | undefined;
}

/** A version and the files of it that were added. */
export interface FilesAdded<M> {
  readonly version: Version<M>;
  readonly files: readonly PackageFile[];
}

/**
 * Adds files to a version, all or none; the version is made when they are its first. An older file of a name is kept
 * behind the new one. Any number of clients may add files to one version at once.
 * @throws RegistryError `duplicateFile` when a name is taken and duplicates are refused.
 * @throws RegistryError `packageNotFound` when the version that must be there is gone.
 */
export async function addFiles<M>(registry: Registry, input: AddedFiles<M>): Promise<FilesAdded<M>> {
  const { project, format, name } = input;
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: project.id, format, name };
  const staged = input.files.map((file) => file.blob);
  const blobs = referenceBlobs(staged);
  const listing = planListing(project, ref, input.listing);
  const fresh = await newVersion(registry, input, now);
  const added = await Promise.all(input.files.map((file) => newFile(registry, fresh, file, now)));

  return retryChanged(async () => {
    const [head, stored, ...items] = await registry.table.getMany([
      keys.head(ref),
      keys.version(ref, input.version),
      ...added.map((file) => keys.file(ref, file.version, file.fileName)),
      ...listing.keys,
      ...blobs.keys,
    ]);
    const replaced = items.splice(0, added.length).map((item) => maybeEntity<PackageFile>(item));
    const lists = listing.plan(items.splice(0, listing.keys.length), now);
    const known = maybeEntity<StoredVersion & Version<M>>(stored);
    // A file of a version that was removed is no file of this one; it makes room all the same.
    const there = replaced.map((file) => (file?.versionId === known?.id ? file : undefined));
    if (input.mustExist !== undefined && known?.id !== input.mustExist) {
      throw new RegistryError('packageNotFound');
    }
    if (known && input.idempotent && added.every((file, index) => isSame(file, there[index]))) {
      await discard(registry, staged);
      return { version: known, files: there.filter((file) => file !== undefined) };
    }
    checkDuplicates(input, added, there);
    const version = known ? amended(known, input, now) : fresh;
    const plan = blobs.plan(items);
    const stated = added.map((file, index) =>
      stateFile(input.index, version, { ...placed(file, input.files[index], plan), versionId: version.id }),
    );
    const files = stated.map(({ file }) => file);
    const hidden = there.filter((file) => file !== undefined);
    const others = await versionChanges(registry, input.index, { before: known, after: version }, hidden);
    const listed = maybeEntity<StoredHead>(head)?.live === true;
    await registry.table.write([
      ...(known
        ? keptVersionWrites(input, known, version)
        : [...versionWrites(project, version), ...readmeWrites(ref, input)]),
      ...files.flatMap((file, index) => fileWrites(ref, file, replaced[index])),
      ...plan.writes,
      ...lists,
      ...liveHeadWrites(ref, now, listed, {
        version: version.version,
        versions: known ? 0 : 1,
        listedBy: input.listing?.name,
      }),
      ...(listed ? [] : nameWrites(project, ref, now)),
      ...others.fileWrites,
      ...indexWrites(ref, {
        ...others.changes,
        stated: [...stated, ...(others.changes.stated ?? [])],
        hidden,
        listings: unlisted(version, files),
      }),
      recordEvent(now, {
        ...eventFacts(input, input.version),
        type: known ? 'package_file_added' : 'package_published',
        details: {
          file: files.map((file) => file.fileName).join(', '),
          size: files.reduce((sum, file) => sum + file.size, 0),
        },
      }),
    ]);
    await discard(registry, plan.redundant);
    const fields = { project: project.id, format, package: name, version: input.version };
    for (const { fileName, size } of files) {
      registry.log.info('package file added', { ...fields, file: fileName, size_bytes: size });
    }
    return { version, files };
  });
}

function isSame(file: PackageFile, there: PackageFile | undefined): boolean {
  return file.digests.sha256 === there?.digests.sha256;
}

function checkDuplicates<M>(
  { duplicates, idempotent }: AddedFiles<M>,
  added: readonly PackageFile[],
  replaced: readonly (PackageFile | undefined)[],
): void {
  if (duplicates === 'allow') return;
  const taken = added.some((file, index) => {
    const there = replaced[index];
    return there !== undefined && !(idempotent && isSame(file, there));
  });
  if (taken) throw new RegistryError('duplicateFile');
}

/** The version with its amended facts; its time of change moves on, so that no later amendment takes it for the old one. */
function amended<M>(version: Version<M>, { amend }: AddedFiles<M>, now: number): Version<M> {
  const metadata = amend?.(version.metadata);
  if (metadata === undefined) return version;
  return { ...version, metadata, updatedAt: Math.max(now, version.updatedAt + 1) };
}

function keptVersionWrites<M>(
  input: AddedFiles<M>,
  known: StoredVersion & Version<M>,
  version: Version<M>,
): Write[] {
  if (version !== known) {
    return [...amendedVersionWrites(input.project, known, version), ...readmeWrites(known, input)];
  }
  const { id, updatedAt } = known;
  // What indexes tell of the files is made from the version as it was read.
  const when = { equals: known.indexed ? { id, updatedAt } : { id } };
  return [addedToVersion(known, known.version, when)];
}
