import type { Project } from '../../domain/accounts.ts';
import type { Actor } from '../../domain/events.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { FileIdentity, FileName, PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageStatus, StagedBlob, StagedBytes, Tag, Version } from '../../domain/packages.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile, unlisted } from '../indexes/index-writes.ts';
import { type NamesToTake, readNamesToTake } from '../names/take-names.ts';
import { mayBeUntagged, untaggedWrites } from '../package-blobs/may-be-unused.ts';
import { noteUses, type Uses } from '../package-blobs/uses.ts';
import { publishRules } from '../publish-rules/publish-rules.ts';
import type { StoredHead, StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { currentVersion, filesUnder } from './claim-version.ts';
import { draftOf, fileKeysOf, packageOf, publicationOf, publishedDetails, withStorageKey } from './draft.ts';
import { fileWrites, newVersionWrites } from './package-writes.ts';
import { filesAtOnce, publishInSteps } from './publish-in-steps.ts';
import { retryPublish } from './retry-publish.ts';

/** A file to publish: its name in the version, and the staged bytes. */
export interface NewFile {
  readonly fileName: FileName;
  /** Identifies the file in its version, if its name can be spelled in several ways; by default the name. */
  readonly identity?: FileIdentity;
  /** See `FileInVersion`. */
  readonly formerIdentity?: FileIdentity;
  readonly contentType: string;
  readonly blob: StagedBlob;
  /** What indexes show about this file. */
  readonly metadata?: unknown;
  /** A name, chosen by the format, by which `findAliased` finds the file regardless of its package. */
  readonly alias?: string;
  /** The name of the file in the same version that this one belongs to, and is removed with. */
  readonly partOf?: FileName;
  /** Whether rules check another file of the publish instead of this one; always true for parts. */
  readonly goesAlong?: boolean;
}

/** A version to publish. */
export interface NewVersion<M> {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: FormatRules;
  /** Normalised by the format. */
  readonly name: PackageName;
  /** The name as the publisher spells it, for display. */
  readonly displayName?: string;
  /** Normalised by the format. */
  readonly version: VersionName;
  /**
   * The version as the publisher spells it. A new version is displayed so. Until the upgrade to schema 6 has
   * normalized all versions, files join a version stored under this text.
   */
  readonly spelledVersion?: VersionName;
  readonly status?: PackageStatus;
  readonly metadata: M;
  /** Any number of files with different identities. */
  readonly files: readonly NewFile[];
  /** Tags to set to this version, at most 10. */
  readonly tags?: readonly TagName[];
  /** Stored separately from the version, because indexes read all versions. */
  readonly readme?: string | undefined;
  /** What else of the package it uses: bytes that the package holds by digest, and other versions. */
  readonly uses?: Uses;
  /** The version that it describes, which may not exist. */
  readonly subject?: VersionName;
}

/** What is already known about a package before its publish. */
export interface KnownPackage {
  /** Whether the project holds the package. With both, the first attempt relies on them and reads nothing again. */
  readonly held?: boolean;
  readonly namesToTake?: NamesToTake | undefined;
}

/**
 * Publishes a version with its files; everything becomes visible at once. A version with few files takes one
 * transaction; one with many takes several, and the last makes it visible. Exactly one of several concurrent
 * publishes of a version succeeds.
 * @throws RegistryError `duplicateVersion` if the version exists or is being published
 * @throws RegistryError of a rule that refuses the version
 */
export async function publishVersion<M>(
  registry: Registry,
  input: NewVersion<M> & KnownPackage,
): Promise<Version<M>> {
  const version =
    input.files.length > filesAtOnce(input.format)
      ? (await publishInSteps(registry, input)).version
      : await publishAtOnce(registry, input);
  const { project, format, name } = input;
  const fields = { project: project.id, format: format.id, package: name, version: version.version };
  registry.log.info('package published', fields);
  registry.meter.published(format.id);
  return version;
}

/** The items of a package that does not exist. */
const noItems: Items = { get: () => undefined };

async function publishAtOnce<M>(
  registry: Registry,
  input: NewVersion<M> & KnownPackage,
): Promise<Version<M>> {
  const { project, format } = input;
  const now = registry.clock.now();
  const ref = packageOf(input);
  const drafted = draftOf(registry, input, now);
  const blobs = referenceBlobs(input.files.map((file) => file.blob));
  const rules = publishRules({ ...publicationOf(input), ofNewVersion: true }, registry);
  const own = keys.version(ref, input.version);
  const tagKeys = format.projectOnly ? (input.tags ?? []).map((tag) => keys.tag(ref, tag)) : [];
  const itemKeys = [keys.head(ref), own, ...fileKeysOf(ref, input), ...tagKeys, ...rules.keys, ...blobs.keys];
  const event = recordEvent(now, {
    ...eventFacts({ ...input, format: format.id }, input.version),
    type: 'package_published',
    details: publishedDetails(input),
  });
  let redundant: readonly StagedBytes[] = [];
  // Most publishes bring new bytes of a new version. If rules need to read nothing else, the first attempt assumes so. The
  // conditions of its writes fail if it is wrong, and the next attempt reads the items.
  const readsNothing = rules.keys.every(({ pk, sk }) => pk === own.pk && sk === own.sk);
  const uses = await noteUses(registry, (await drafted).version, input.uses);
  let attempts = 0;
  let known = readsNothing && input.held !== undefined ? input.namesToTake : undefined;

  const published = await retryPublish(registry, project, async () => {
    const [items, { version, files }, names] = await Promise.all([
      known ? noItems : readItems(registry.table, itemKeys),
      drafted,
      known ?? readNamesToTake(registry, format, [ref.name]),
    ]);
    const existing = items.get<StoredVersion>(own);
    await rules.check(items);
    if (attempts++ > 0) await uses.check();
    await currentVersion(registry, existing);
    const live = known ? input.held === true : items.get<StoredHead>(keys.head(ref))?.live === true;
    known = undefined;
    // Files of a removed version may have the keys of the new ones, and are replaced.
    const replaced = filesUnder(items, fileKeysOf(ref, input), existing);
    const plan = blobs.plan(items);
    const tags = tagKeys.flatMap((key) => items.get<Tag>(key) ?? []);
    const tagsRead = format.projectOnly ? new Map(tags.map((tag) => [tag.tag, tag])) : undefined;
    const stated = files.map((file, index) =>
      stateFile(format.index, version, withStorageKey(file, input.files[index], plan)),
    );
    await registry.table.write([
      ...newVersionWrites(
        project,
        version,
        { ...input, tagsRead, firstTag: format.defaultTag?.tag, live, claimed: false },
        now,
      ),
      ...(await names.writes(project, now)),
      ...stated.flatMap(({ file }, index) => fileWrites(ref, file, replaced[index])),
      ...rules.writes(items),
      ...plan.writes,
      ...uses.writes,
      ...untaggedWrites(registry, ref, tags),
      ...(version.apart && !input.tags?.length ? [mayBeUntagged(registry, ref, version.version)] : []),
      ...indexWrites(ref, {
        stated,
        listings: unlisted(
          version,
          stated.map(({ file }) => file),
        ),
      }),
      event,
    ]);
    redundant = plan.redundant;
    return version;
  });
  await discard(registry, redundant);
  return published;
}
