import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageStatus, StagedBlob, Version } from '../../domain/packages.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile, unlisted } from '../indexes/index-writes.ts';
import { publishRules } from '../publish-rules/publish-rules.ts';
import type { StoredHead, StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { currentVersion, filesInPlace } from './claim-version.ts';
import { draftOf, packageOf, placed, placesOf, publicationOf } from './draft.ts';
import { fileWrites, newVersionWrites } from './package-writes.ts';
import { filesAtOnce, publishInSteps } from './publish-in-steps.ts';

/** A file about to be published: its name in the version, and the staged bytes. */
export interface NewFile {
  readonly fileName: string;
  /** What makes two files of a version the same, where names may be spelled differently; the default is the name. */
  readonly identity?: string;
  readonly contentType: string;
  readonly blob: StagedBlob;
  /** What indexes tell of this file alone. */
  readonly metadata?: unknown;
  /** A name of the format's by which `findAliased` finds the file, whatever its package is. */
  readonly alias?: string;
  /** The name of the file of the same version that this one belongs to and goes with. */
  readonly partOf?: string;
  /** Whether rules look at another file of the publish in its place; parts always go along. */
  readonly goesAlong?: boolean;
}

/** A version about to be published. */
export interface NewVersion<M> {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: FormatRules;
  /** Normalised by the format. */
  readonly name: string;
  /** The name as its publisher writes it, for people to see. */
  readonly displayName?: string;
  readonly version: string;
  readonly status?: PackageStatus;
  readonly metadata: M;
  /** Any number of files, each of its own identity. */
  readonly files: readonly NewFile[];
  /** Tags that shall name this version from now on, at most 10. */
  readonly tags?: readonly string[];
  /** A text for people to read. It is kept beside the version, because indexes are made from all versions. */
  readonly readme?: string | undefined;
}

/** What was read of a package before its publish. */
export interface KnownPackage {
  /** Whether the project holds the package. The publish is tried on that without reading anything again. */
  readonly held?: boolean;
}

/**
 * Publishes a version with its files: all of it is visible or none. A version of few files takes one transaction, one
 * of many several, of which the last makes it visible. Of two that race for the same version exactly one wins.
 * @throws RegistryError `duplicateVersion` when the version exists, or is being published by another, or what a rule
 * throws that refuses it
 */
export async function publishVersion<M>(
  registry: Registry,
  input: NewVersion<M> & KnownPackage,
): Promise<Version<M>> {
  const version =
    input.files.length > filesAtOnce(input.format)
      ? (await publishInSteps(registry, input, () => new RegistryError('duplicateVersion'))).version
      : await publishAtOnce(registry, input);
  const { project, format, name } = input;
  const fields = { project: project.id, format: format.id, package: name, version: version.version };
  registry.log.info('package published', fields);
  return version;
}

/** Items of which none is there. */
const nothing: Items = { get: () => undefined };

async function publishAtOnce<M>(
  registry: Registry,
  input: NewVersion<M> & KnownPackage,
): Promise<Version<M>> {
  const { project, format } = input;
  const now = registry.clock.now();
  const ref = packageOf(input);
  const drafted = draftOf(registry, input, now);
  const blobs = referenceBlobs(input.files.map((file) => file.blob));
  const rules = publishRules({ ...publicationOf(input), ofNewVersion: true });
  const wanted = [
    keys.head(ref),
    keys.version(ref, input.version),
    ...placesOf(ref, input),
    ...rules.keys,
    ...blobs.keys,
  ];
  const event = recordEvent(now, {
    ...eventFacts({ ...input, format: format.id }, input.version),
    type: 'package_published',
    details: { files: input.files.length, size: input.files.reduce((sum, { blob }) => sum + blob.size, 0) },
  });
  let redundant: readonly StagedBlob[] = [];
  // Most publishes bring new bytes of a new version: where rules need not read, the first try is made on that. The
  // conditions of its writes find out whether it is so, and the next try reads.
  let held = rules.keys.length === 0 ? input.held : undefined;

  const published = await retryChanged(async () => {
    const [items, { version, files }] = await Promise.all([
      held === undefined ? readItems(registry.table, wanted) : nothing,
      drafted,
    ]);
    const existing = items.get<StoredVersion>(keys.version(ref, input.version));
    if (await currentVersion(registry, existing)) throw new RegistryError('duplicateVersion');
    await rules.check(items);
    const listed = held ?? items.get<StoredHead>(keys.head(ref))?.live === true;
    held = undefined;
    // Files of a version that was removed may stand in the places of the new ones, and make room.
    const replaced = filesInPlace(items, placesOf(ref, input), existing);
    const plan = blobs.plan(items);
    const stated = files.map((file, index) =>
      stateFile(format.index, version, placed(file, input.files[index], plan)),
    );
    await registry.table.write([
      ...newVersionWrites(project, version, { ...input, listed, claimed: false }, now),
      ...stated.flatMap(({ file }, index) => fileWrites(ref, file, replaced[index])),
      ...plan.writes,
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
