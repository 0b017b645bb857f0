import { RegistryError } from '../../domain/errors.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import { layoutOf, type MetadataType, readableMetadata } from '../../domain/metadata.ts';
import type { PackageFile, PackageRef, PackageStatus, Umbrella, Version } from '../../domain/packages.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile, unlisted } from '../indexes/index-writes.ts';
import { restateVersion, versionChanges } from '../indexes/restate-files.ts';
import { readNamesToTake } from '../names/take-names.ts';
import { checkPublishRules, publishRules } from '../publish-rules/publish-rules.ts';
import { maybeEntity, type StoredHead, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { currentVersion, filesUnder } from './claim-version.ts';
import {
  draftOf,
  fileKeysOf,
  isRespelled,
  namesOf,
  packageOf,
  publicationOf,
  withStorageKey,
} from './draft.ts';
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
import { retryPublish } from './retry-publish.ts';
import { planSubpackage } from './subpackages.ts';

/** How many writes a transaction that adds files has for stanzas of existing files. */
const STANZA_ROOM = 15;

/** Files to add to a version. Facts of the version count only if it is new; later on, `amend` changes them. */
export interface AddedFiles<M> extends Omit<NewVersion<M>, 'tags'> {
  /** The id of the version that must exist. If it is gone or replaced, no version is made. */
  readonly mustExist?: number;
  /**
   * Returns the new metadata of an existing version; undefined leaves it unchanged. Gets undefined if the stored
   * metadata can't be read.
   */
  readonly amend?: ((metadata: M | undefined) => M | undefined) | undefined;
  /** The status of an existing version from now on; absent leaves it unchanged. */
  readonly newStatus?: PackageStatus | undefined;
  /** The umbrella of the package from now on. */
  readonly umbrella?: Umbrella | undefined;
}

/** A version, and the files that were added to it. */
export interface FilesAdded<M> {
  readonly version: Version<M>;
  readonly files: readonly PackageFile[];
}

/**
 * Adds files to a version, which is made if it does not exist. An older file with the same identity is kept behind
 * the new one. Any number of clients may add files to a version concurrently.
 *
 * Either all files become visible together, or none does. The exception is more than `filesAtOnce` files for an
 * existing version: they are added in order, in several transactions.
 * @throws RegistryError of a rule that refuses the files, such as `DuplicateFile`
 * @throws RegistryError `packageNotFound` if the version that must exist is gone
 * @throws RegistryError `contended` while another publish makes the version
 */
export async function addFiles<M>(registry: Registry, input: AddedFiles<M>): Promise<FilesAdded<M>> {
  if (input.files.length <= filesAtOnce(input.format)) return addAtOnce(registry, input);
  const key = keys.version(packageOf(input), input.version);
  const stored = maybeEntity<StoredVersion<M>>(await registry.table.get(key));
  const known = await currentVersion(registry, stored);
  if (known || input.mustExist !== undefined) return addInSteps(registry, input, known?.id);
  const published = await publishInSteps(registry, input, publishInProgress);
  logAdded(registry, input, published.files);
  return published;
}

/** Adds files in several transactions. The last one changes what belongs to the version rather than to a file. */
async function addInSteps<M>(
  registry: Registry,
  { amend, newStatus, readme, umbrella, ...input }: AddedFiles<M>,
  id: number | undefined,
): Promise<FilesAdded<M>> {
  await checkPublishRules(registry, publicationOf(input));
  const rest = stepsOf(input.format, input.files);
  const last = rest.pop() ?? [];
  const mustExist = input.mustExist ?? id;
  const step = { ...input, ...(mustExist !== undefined && { mustExist }) };
  const files: PackageFile[] = [];
  for (const some of rest) files.push(...(await addAtOnce(registry, { ...step, files: some })).files);
  const added = await addAtOnce(registry, { ...step, amend, newStatus, readme, umbrella, files: last });
  return { version: added.version, files: [...files, ...added.files] };
}

async function addAtOnce<M>(registry: Registry, input: AddedFiles<M>): Promise<FilesAdded<M>> {
  const { project, format } = input;
  const now = registry.clock.now();
  const ref = packageOf(input);
  const staged = input.files.map((file) => file.blob);
  const blobs = referenceBlobs(staged);
  const subpackage = planSubpackage(project, ref, input.umbrella);
  const rules = publishRules(publicationOf(input), registry);
  const drafted = draftOf(registry, input, now);
  const formerKeys = isRespelled(input) ? [keys.version(ref, input.spelledVersion)] : [];

  return retryPublish(registry, project, async () => {
    const [items, draft, names] = await Promise.all([
      readItems(registry.table, [
        keys.head(ref),
        keys.version(ref, input.version),
        ...formerKeys,
        ...fileKeysOf(ref, input),
        ...rules.keys,
        ...subpackage.keys,
        ...blobs.keys,
      ]),
      drafted,
      readNamesToTake(registry, format, namesOf(input)),
    ]);
    const stored = items.get<StoredVersion<M>>(keys.version(ref, input.version));
    const known = upgraded(registry, format, await currentVersion(registry, stored));
    checkVersion(input, known);
    const former = known ? undefined : formerKeys.map((key) => items.get<StoredVersion>(key)).find(Boolean);
    if (former) return addToFormer(registry, input, former);
    await rules.check(items);
    const replaced = filesUnder(items, fileKeysOf(ref, input), known ? undefined : stored);
    // Files of a removed version are replaced too, but are not files of this one.
    const existing = replaced.map((file) => (file?.versionId === known?.id ? file : undefined));
    const { version: fresh, files: added } = draft;
    if (known && format.idempotent && isRepeated(input, added, existing)) {
      await discard(registry, staged);
      return { version: known, files: existing.filter((file) => file !== undefined) };
    }
    const version = known ? amended(known, input, now) : fresh;
    const plan = blobs.plan(items);
    const stated = added.map((file, index) =>
      stateFile(format.index, version, {
        ...withStorageKey(file, input.files[index], plan),
        versionId: version.id,
      }),
    );
    const files = stated.map(({ file }) => file);
    const hidden = existing.filter((file) => file !== undefined);
    const others = await versionChanges(
      registry,
      format.index,
      { before: known, after: version },
      { room: STANZA_ROOM, except: hidden },
    );
    const live = items.get<StoredHead>(keys.head(ref))?.live === true;
    const state = { ...input, firstTag: format.defaultTag?.tag, live, claimed: false };
    await registry.table.write([
      ...(known
        ? keptVersionWrites(state, known, others.after, now)
        : newVersionWrites(project, version, state, now)),
      ...files.flatMap((file, index) => fileWrites(ref, file, replaced[index])),
      ...rules.writes(items),
      ...plan.writes,
      ...subpackage.plan(items, now),
      ...(await names.writes(project, now)),
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
          ...(known &&
            known.status !== version.status && {
              before: { status: known.status },
              after: { status: version.status },
            }),
        },
      }),
    ]);
    await discard(registry, plan.redundant);
    logAdded(registry, input, files);
    if (others.unfinished) await restateVersion(registry, format, ref, version.version);
    return { version, files };
  });
}

/**
 * Adds files to a version that the upgrade to schema 6 has not normalized yet.
 * @throws ConditionFailed if it has in the meantime, or if the version is gone
 */
async function addToFormer<M>(
  registry: Registry,
  input: AddedFiles<M>,
  { version, id }: StoredVersion,
): Promise<FilesAdded<M>> {
  const files = input.files.map(({ identity, formerIdentity = identity, ...file }) =>
    formerIdentity === undefined ? file : { ...file, identity: formerIdentity },
  );
  try {
    return await addAtOnce(registry, { ...input, version, files, mustExist: id });
  } catch (error) {
    const moved = error instanceof RegistryError && error.code === 'packageNotFound';
    throw moved ? new ConditionFailed(0) : error;
  }
}

function logAdded<M>(registry: Registry, input: AddedFiles<M>, files: readonly PackageFile[]): void {
  const { project, format, name, version } = input;
  registry.meter.published(format.id);
  for (const { fileName, size } of files) {
    const fields = { project: project.id, format: format.id, package: name, version };
    registry.log.info('package file added', { ...fields, file: fileName, size_bytes: size });
  }
}

function checkVersion<M>({ mustExist }: AddedFiles<M>, version: StoredVersion<M> | undefined): void {
  if (mustExist !== undefined && version?.id !== mustExist) throw new RegistryError('packageNotFound');
  if (version?.claim) throw publishInProgress();
}

function publishInProgress(): RegistryError {
  return new RegistryError('contended', 'Another publish of this version is in progress, try again later');
}

/**
 * Whether a publish repeats an earlier one. If files can't be replaced, neither can those that go along with them: new
 * signatures of an existing file are dropped, as it keeps its own.
 */
function isRepeated<M>(
  { files, format }: AddedFiles<M>,
  added: readonly PackageFile[],
  existing: readonly (PackageFile | undefined)[],
): boolean {
  return added.every((file, index) => {
    const alone = format.duplicates !== 'never' || !(files[index]?.goesAlong ?? file.partOf !== undefined);
    return !alone || file.digests.sha256 === existing[index]?.digests.sha256;
  });
}

/**
 * Returns the version with its metadata in the current layout, for indexes; unchanged if the metadata can't be
 * read.
 */
function upgraded<M>(
  registry: Registry,
  { metadata }: FormatRules,
  version: StoredVersion<M> | undefined,
): StoredVersion<M> | undefined {
  if (!version || !metadata) return version;
  return readMetadata(registry, version, metadata as MetadataType<M>) ?? version;
}

/** Returns the version with its amended metadata and status. `updatedAt` always grows, since later amendments check it. */
function amended<M>(
  version: Version<M>,
  { amend, newStatus = version.status, format }: AddedFiles<M>,
  now: number,
): Version<M> {
  const type = format.metadata as MetadataType<M> | undefined;
  const metadata = amend?.(type ? readableMetadata(type, version) : version.metadata);
  if (metadata === undefined && newStatus === version.status) return version;
  const updatedAt = Math.max(now, version.updatedAt + 1);
  if (metadata === undefined) return { ...version, status: newStatus, updatedAt };
  const { layout: _, ...rest } = version;
  return { ...rest, metadata, ...layoutOf(type), status: newStatus, updatedAt };
}

function keptVersionWrites<M>(
  input: AddedFiles<M> & { readonly live: boolean },
  known: StoredVersion<M>,
  version: Version<M>,
  now: number,
): Write[] {
  const ref: PackageRef = known;
  return [
    ...(version === known
      ? [addedToVersion(ref, known.version, known)]
      : [...amendedVersionWrites(input.project, known, version), ...readmeWrites(known, input)]),
    ...liveHeadWrites(ref, now, input.live, {
      version: known.version,
      umbrellaName: input.umbrella?.name,
    }),
    ...(input.live ? [] : nameWrites(input.project, ref, now)),
  ];
}
