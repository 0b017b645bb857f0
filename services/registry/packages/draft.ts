import type { EventDetails } from '../../domain/events.ts';
import { layoutOf } from '../../domain/metadata.ts';
import type { PackageName } from '../../domain/names.ts';
import type { PackageFile, PackageRef, StagedBlob, Umbrella, Version } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import type { Publication } from '../publish-rules/rule.ts';
import type { StoredVersion } from '../records/entities.ts';
import { fileKey } from './package-writes.ts';
import type { NewFile, NewVersion } from './publish-version.ts';

/** The entities of a publish, before any of them is stored. */
export interface Draft<M> {
  readonly version: StoredVersion<M>;
  readonly files: readonly PackageFile[];
}

/** Makes the entities of a publish, each with a new id. */
export async function draftOf<M>(
  { ids }: Registry,
  input: Omit<NewVersion<M>, 'tags'>,
  now: number,
): Promise<Draft<M>> {
  const [id, ...fileIds] = await Promise.all([
    ids.next('package'),
    ...input.files.map(() => ids.next('file')),
  ]);
  const version: StoredVersion<M> = {
    ...packageOf(input),
    id,
    ...(input.displayName !== undefined && { displayName: input.displayName }),
    version: input.version,
    ...(isRespelled(input) && { displayVersion: input.spelledVersion }),
    status: input.status ?? 'default',
    metadata: input.metadata,
    ...layoutOf(input.format.metadata),
    creatorId: input.actor.kind === 'user' ? input.actor.id : null,
    createdAt: now,
    updatedAt: now,
    ...(input.format.index && { indexed: true }),
    ...(input.format.projectOnly && { apart: true }),
    ...(input.subject !== undefined && { subject: input.subject }),
  };
  const files = input.files.map((file, index) => ({
    ...fileOf(version, file, fileIds[index] ?? 0, now),
    ...(file.metadata !== undefined && layoutOf(input.format.fileMetadata)),
  }));
  return { version, files };
}

/** Whether the publisher spells the version in another way than it is normalized. */
export function isRespelled<V extends Pick<NewVersion<unknown>, 'version' | 'spelledVersion'>>(
  input: V,
): input is V & Required<Pick<V, 'spelledVersion'>> {
  return input.spelledVersion !== undefined && input.spelledVersion !== input.version;
}

function fileOf(version: Version, file: NewFile, id: number, now: number): PackageFile {
  const { fileName, identity = fileName } = file;
  return {
    id,
    versionId: version.id,
    version: version.version,
    fileName,
    ...(identity !== fileName && { identity }),
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

/** Returns the package that is published to. */
export function packageOf({
  project,
  format,
  name,
}: Pick<NewVersion<unknown>, 'project' | 'format' | 'name'>): PackageRef {
  return { projectId: project.id, format: format.id, name };
}

/** Returns the names that a publish uses: the package's, and that of its umbrella. */
export function namesOf({
  name,
  umbrella,
}: {
  readonly name: PackageName;
  readonly umbrella?: Umbrella | undefined;
}): readonly PackageName[] {
  return umbrella ? [name, umbrella.name] : [name];
}

/** Returns the keys that the files are stored under. */
export function fileKeysOf(
  ref: PackageRef,
  { version, files }: Pick<NewVersion<unknown>, 'version' | 'files'>,
): Key[] {
  return files.map((file) => fileKey(ref, version, file));
}

/** Returns the facts of a publish that rules check. */
export function publicationOf(input: Omit<NewVersion<unknown>, 'metadata'>): Publication {
  const { project, format, name, displayName, version, spelledVersion } = input;
  const files = input.files.map(({ fileName, identity, blob, partOf, goesAlong }) => ({
    fileName,
    ...(identity !== undefined && { identity }),
    size: blob.size,
    digests: blob.digests,
    goesAlong: goesAlong ?? partOf !== undefined,
  }));
  return { project, format, name, displayName, version, spelledVersion, files };
}

/** Returns the details of the event of a publish. */
export function publishedDetails({
  files,
  tags = [],
}: Pick<NewVersion<unknown>, 'files' | 'tags'>): EventDetails['package_published'] {
  const size = files.reduce((sum, { blob }) => sum + blob.size, 0);
  return { files: files.length, size, ...(tags.length > 0 && { tags }) };
}

/** Returns the file with the actual storage key of its bytes: the existing one, if they were stored before. */
export function withStorageKey(
  file: PackageFile,
  input: NewFile | undefined,
  plan: { storageKey(blob: StagedBlob): string },
): PackageFile {
  return input ? { ...file, storageKey: plan.storageKey(input.blob) } : file;
}
