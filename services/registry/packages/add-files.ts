import { RegistryError } from '../../domain/errors.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import { layoutOf, type MetadataType, readableMetadata } from '../../domain/metadata.ts';
import type { PackageFile, PackageRef, Version } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile, unlisted } from '../indexes/index-writes.ts';
import { versionChanges } from '../indexes/restate-files.ts';
import { checkPublishRules, publishRules } from '../publish-rules/publish-rules.ts';
import { maybeEntity, type StoredHead, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { currentVersion, filesInPlace } from './claim-version.ts';
import { draftOf, packageOf, placed, placesOf, publicationOf } from './draft.ts';
import { type Listing, planListing } from './listings.ts';
import {
  addedToVersion,
  amendedVersionWrites,
  fileWrites,
  liveHeadWrites,
  nameWrites,
  newVersionWrites,
  readmeWrites,
} from './package-writes.ts';
import { filesAtOnce, publishInSteps, stepsOf } from './publish-in-steps.ts';
import type { NewVersion } from './publish-version.ts';
import { readMetadata } from './read-metadata.ts';

/** Files to add to a version; the version's facts count when these are its first, later ones only by `amend`. */
export interface AddedFiles<M> extends Omit<NewVersion<M>, 'tags'> {
  /** The id of the version that must be there; where it is not, or another is in its place, none is made. */
  readonly mustExist?: number;
  /**
   * What the metadata of a version that is there becomes with these files; undefined leaves it as it is. It is given
   * nothing where the stored metadata can't be read.
   */
  readonly amend?: ((metadata: M | undefined) => M | undefined) | undefined;
  /** Another name of the project that lists the package from now on. */
  readonly listing?: Listing | undefined;
}

/** A version and the files of it that were added. */
export interface FilesAdded<M> {
  readonly version: Version<M>;
  readonly files: readonly PackageFile[];
}

/**
 * Adds files to a version; the version is made when they are its first. An older file of an identity is kept behind the
 * new one. Any number of clients may add files to one version at once.
 *
 * All files become visible together, or none does, unless there are more than `filesAtOnce` and the version is there
 * already: then they come in several transactions, in their order.
 * @throws RegistryError what a rule throws that refuses them, such as `DuplicateFile`
 * @throws RegistryError `packageNotFound` when the version that must be there is gone
 * @throws RegistryError `contended` while another publish makes the version
 */
export async function addFiles<M>(registry: Registry, input: AddedFiles<M>): Promise<FilesAdded<M>> {
  if (input.files.length <= filesAtOnce(input.format)) return addAtOnce(registry, input);
  const key = keys.version(packageOf(input), input.version);
  const stored = maybeEntity<StoredVersion<M>>(await registry.table.get(key));
  const known = await currentVersion(registry, stored);
  if (known || input.mustExist !== undefined) return addInSteps(registry, input, known?.id);
  const published = await publishInSteps(registry, input, underWay);
  logAdded(registry, input, published.files);
  return published;
}

/** What goes with the version rather than with a file comes with the last step. */
async function addInSteps<M>(
  registry: Registry,
  { amend, readme, listing, ...input }: AddedFiles<M>,
  id: number | undefined,
): Promise<FilesAdded<M>> {
  await checkPublishRules(registry, publicationOf(input));
  const rest = stepsOf(input.format, input.files);
  const last = rest.pop() ?? [];
  const mustExist = input.mustExist ?? id;
  const step = { ...input, ...(mustExist !== undefined && { mustExist }) };
  const files: PackageFile[] = [];
  for (const some of rest) files.push(...(await addAtOnce(registry, { ...step, files: some })).files);
  const added = await addAtOnce(registry, { ...step, amend, readme, listing, files: last });
  return { version: added.version, files: [...files, ...added.files] };
}

async function addAtOnce<M>(registry: Registry, input: AddedFiles<M>): Promise<FilesAdded<M>> {
  const { project, format } = input;
  const now = registry.clock.now();
  const ref = packageOf(input);
  const staged = input.files.map((file) => file.blob);
  const blobs = referenceBlobs(staged);
  const listing = planListing(project, ref, input.listing);
  const rules = publishRules(publicationOf(input));
  const drafted = draftOf(registry, input, now);

  return retryChanged(async () => {
    const [items, draft] = await Promise.all([
      readItems(registry.table, [
        keys.head(ref),
        keys.version(ref, input.version),
        ...placesOf(ref, input),
        ...rules.keys,
        ...listing.keys,
        ...blobs.keys,
      ]),
      drafted,
    ]);
    const stored = items.get<StoredVersion<M>>(keys.version(ref, input.version));
    const known = upgraded(registry, format, await currentVersion(registry, stored));
    if (input.mustExist !== undefined && known?.id !== input.mustExist) {
      throw new RegistryError('packageNotFound');
    }
    if (known?.claim) throw underWay();
    await rules.check(items);
    const replaced = filesInPlace(items, placesOf(ref, input), known ? undefined : stored);
    // A file of a version that was removed is no file of this one; it makes room all the same.
    const there = replaced.map((file) => (file?.versionId === known?.id ? file : undefined));
    const { version: fresh, files: added } = draft;
    if (known && format.idempotent && added.every((file, index) => isSame(file, there[index]))) {
      await discard(registry, staged);
      return { version: known, files: there.filter((file) => file !== undefined) };
    }
    const version = known ? amended(known, input, now) : fresh;
    const plan = blobs.plan(items);
    const stated = added.map((file, index) =>
      stateFile(format.index, version, { ...placed(file, input.files[index], plan), versionId: version.id }),
    );
    const files = stated.map(({ file }) => file);
    const hidden = there.filter((file) => file !== undefined);
    const others = await versionChanges(registry, format.index, { before: known, after: version }, hidden);
    const listed = items.get<StoredHead>(keys.head(ref))?.live === true;
    const state = { ...input, listed, claimed: false };
    await registry.table.write([
      ...(known
        ? keptVersionWrites(state, known, version, now)
        : newVersionWrites(project, version, state, now)),
      ...files.flatMap((file, index) => fileWrites(ref, file, replaced[index])),
      ...plan.writes,
      ...listing.plan(items, now),
      ...others.fileWrites,
      ...indexWrites(ref, {
        ...others.changes,
        stated: [...stated, ...(others.changes.stated ?? [])],
        hidden,
        listings: [...(others.changes.listings ?? []), ...unlisted(version, files)],
      }),
      recordEvent(now, {
        ...eventFacts({ ...input, format: format.id }, input.version),
        type: known ? 'package_file_added' : 'package_published',
        details: {
          file: files.map((file) => file.fileName).join(', '),
          size: files.reduce((sum, file) => sum + file.size, 0),
        },
      }),
    ]);
    await discard(registry, plan.redundant);
    logAdded(registry, input, files);
    return { version, files };
  });
}

function logAdded<M>(registry: Registry, input: AddedFiles<M>, files: readonly PackageFile[]): void {
  const { project, format, name, version } = input;
  for (const { fileName, size } of files) {
    const fields = { project: project.id, format: format.id, package: name, version };
    registry.log.info('package file added', { ...fields, file: fileName, size_bytes: size });
  }
}

function underWay(): RegistryError {
  return new RegistryError('contended', 'Another publish of this version is under way, try again later');
}

function isSame(file: PackageFile, there: PackageFile | undefined): boolean {
  return file.digests.sha256 === there?.digests.sha256;
}

/** The version with its metadata in the current layout, for indexes; as it is where the metadata can't be read. */
function upgraded<M>(
  registry: Registry,
  { metadata }: FormatRules,
  version: StoredVersion<M> | undefined,
): StoredVersion<M> | undefined {
  if (!version || !metadata) return version;
  return readMetadata(registry, version, metadata as MetadataType<M>) ?? version;
}

/** The version with its amended facts; its time of change moves on, so that no later amendment takes it for the old one. */
function amended<M>(version: Version<M>, { amend, format }: AddedFiles<M>, now: number): Version<M> {
  if (!amend) return version;
  const type = format.metadata as MetadataType<M> | undefined;
  const metadata = amend(type ? readableMetadata(type, version) : version.metadata);
  if (metadata === undefined) return version;
  const { layout: _, ...rest } = version;
  return { ...rest, metadata, ...layoutOf(type), updatedAt: Math.max(now, version.updatedAt + 1) };
}

function keptVersionWrites<M>(
  input: AddedFiles<M> & { readonly listed: boolean },
  known: StoredVersion<M>,
  version: Version<M>,
  now: number,
): Write[] {
  const ref: PackageRef = known;
  return [
    ...(version === known
      ? [addedToVersion(ref, known.version, known)]
      : [...amendedVersionWrites(input.project, known, version), ...readmeWrites(known, input)]),
    ...liveHeadWrites(ref, now, input.listed, {
      version: known.version,
      listedBy: input.listing?.name,
    }),
    ...(input.listed ? [] : nameWrites(input.project, ref, now)),
  ];
}
