import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageFile, PackageRef, PackageStatus, StagedBlob, Version } from '../../domain/packages.ts';
import type { RepositoryIndex } from '../../domain/repository-index.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile, unlisted } from '../indexes/index-writes.ts';
import { maybeEntity, type StoredHead, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import {
  fileWrites,
  liveHeadWrites,
  nameWrites,
  readmeWrites,
  tagWrite,
  versionWrites,
} from './package-writes.ts';

/** A file about to be published: its name in the version, and the staged bytes. */
export interface NewFile {
  readonly fileName: string;
  readonly contentType: string;
  readonly blob: StagedBlob;
  /** What indexes tell of this file alone. */
  readonly metadata?: unknown;
  /** A name of the format's by which `findAliased` finds the file, whatever its package is. */
  readonly alias?: string;
  /** The name of the file of the same version that this one belongs to and goes with. */
  readonly partOf?: string;
}

/** A version about to be published. */
export interface NewVersion<M> {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  /** The format's indexes over all packages of a project, if it has any. */
  readonly index?: RepositoryIndex | undefined;
  /** Normalised by the format. */
  readonly name: string;
  /** The name as its publisher writes it, for people to see. */
  readonly displayName?: string;
  readonly version: string;
  readonly status?: PackageStatus;
  readonly metadata: M;
  /** At most 25. */
  readonly files: readonly NewFile[];
  /** Tags that shall name this version from now on, at most 10. */
  readonly tags?: readonly string[];
  /** A text for people to read. It is kept beside the version, because indexes are made from all versions. */
  readonly readme?: string | undefined;
}

/**
 * Publishes a version with its files in one transaction: all of it is visible or none.
 * Of two that race for the same version exactly one wins.
 * @throws RegistryError `duplicateVersion` when the version exists.
 */
export async function publishVersion<M>(registry: Registry, input: NewVersion<M>): Promise<Version<M>> {
  const { project, format, name } = input;
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: project.id, format, name };
  const version = await newVersion(registry, input, now);
  const made = await Promise.all(input.files.map((file) => newFile(registry, version, file, now)));
  const stated = made.map((file) => stateFile(input.index, version, file));
  const files = stated.map(({ file }) => file);
  const event = recordEvent(now, {
    ...eventFacts(input, version.version),
    type: 'package_published',
    details: { files: files.length, size: files.reduce((sum, file) => sum + file.size, 0) },
  });
  const blobs = referenceBlobs(input.files.map((file) => file.blob));
  let redundant: readonly StagedBlob[] = [];

  await retryChanged(async () => {
    const [head, existing, ...items] = await registry.table.getMany([
      keys.head(ref),
      keys.version(ref, version.version),
      ...files.map((file) => keys.file(ref, file.version, file.fileName)),
      ...blobs.keys,
    ]);
    if (existing) throw new RegistryError('duplicateVersion');
    const listed = maybeEntity<StoredHead>(head)?.live === true;
    // Files of a version that was removed may stand in the places of the new ones, and make room.
    const replaced = items.splice(0, files.length).map((item) => maybeEntity<PackageFile>(item));
    const plan = blobs.plan(items);
    await registry.table.write([
      ...versionWrites(project, version),
      ...files.flatMap((file, index) =>
        fileWrites(ref, placed(file, input.files[index], plan), replaced[index]),
      ),
      ...plan.writes,
      ...readmeWrites(ref, input),
      ...(input.tags ?? []).map((tag) => tagWrite(ref, tag, version.version, now)),
      ...liveHeadWrites(ref, now, listed, { version: version.version, versions: 1 }),
      ...(listed ? [] : nameWrites(project, ref, now)),
      ...indexWrites(ref, { stated, listings: unlisted(version, files) }),
      event,
    ]);
    redundant = plan.redundant;
  });
  await discard(registry, redundant);
  const fields = { project: project.id, format, package: name, version: version.version };
  registry.log.info('package published', fields);
  return version;
}

/** The entity of a version about to be published. */
export async function newVersion<M>(
  registry: Registry,
  input: Omit<NewVersion<M>, 'files' | 'tags'>,
  now: number,
): Promise<StoredVersion & Version<M>> {
  return {
    projectId: input.project.id,
    format: input.format,
    name: input.name,
    id: await registry.ids.next('package'),
    ...(input.displayName !== undefined && { displayName: input.displayName }),
    version: input.version,
    status: input.status ?? 'default',
    metadata: input.metadata,
    creatorId: input.actor.kind === 'user' ? input.actor.id : null,
    createdAt: now,
    updatedAt: now,
    ...(input.index && { indexed: true }),
  };
}

/** The entity of a staged file, with an id of its own. */
export async function newFile(
  registry: Registry,
  version: Pick<Version, 'id' | 'version'>,
  file: NewFile,
  now: number,
): Promise<PackageFile> {
  return {
    id: await registry.ids.next('file'),
    versionId: version.id,
    version: version.version,
    fileName: file.fileName,
    contentType: file.contentType,
    size: file.blob.size,
    digests: file.blob.digests,
    storageKey: file.blob.storageKey,
    createdAt: now,
    ...(file.metadata !== undefined && { metadata: file.metadata }),
    ...(file.alias !== undefined && { alias: file.alias }),
    ...(file.partOf !== undefined && { partOf: file.partOf }),
  };
}

/** The file with the storage key its bytes really have: another's, when the same bytes were stored before. */
export function placed(
  file: PackageFile,
  input: NewFile | undefined,
  plan: { storageKey(blob: StagedBlob): string },
): PackageFile {
  return input ? { ...file, storageKey: plan.storageKey(input.blob) } : file;
}

/** The part of an event that says who did it, and to which package. */
export function eventFacts(
  input: Pick<NewVersion<unknown>, 'actor' | 'project' | 'format' | 'name'>,
  version: string | null,
) {
  return {
    actor: input.actor,
    projectId: input.project.id,
    projectPath: input.project.fullPath,
    format: input.format,
    name: input.name,
    version,
  };
}
