import { RegistryError } from '../../domain/errors.ts';
import type { FileName } from '../../domain/names.ts';
import { identityOf, type PackageFile, type PackageRef } from '../../domain/packages.ts';
import type { Condition, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import { moveHead } from '../packages/move-head.ts';
import { currentFileWrite } from '../packages/package-writes.ts';
import { maybeEntity, plainEntity, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { purgeFile } from './purge.ts';
import { unchanged, type VersionRemoval } from './remove-version.ts';
import {
  filesOfVersion,
  newestOf,
  type Removal,
  type RemovedFile,
  removalBy,
  removedFileItem,
  type StoredFile,
} from './removed.ts';

/** Which file of a version to remove, and who removes it: a file by its id, or the current file of a name. */
export type FileRemoval = VersionRemoval & ({ readonly fileId: number } | { readonly fileName: FileName });

/** How many parts of a file one transaction removes: two writes each, or up to six if indexes describe them. */
const PARTS_AT_ONCE = 40;
const INDEXED_AT_ONCE = 13;

/**
 * Removes one file of a version; the newest older copy of its identity, if any, takes its place. Without an
 * older copy, the files that are part of it are removed with it; if they don't fit into one transaction, some of
 * them before it. Removed files can be restored until their retention ends.
 * @throws RegistryError `fileNotFound` if the version has no such file, or another request has just removed it.
 */
export async function removeFile(registry: Registry, input: FileRemoval): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const removal = removalBy(registry, input.actor);
  const removed: RemovedFile[] = [];
  // A retry must not remove the copy that took the place of the removed file.
  const chosen: Chosen = { fileId: 'fileId' in input ? input.fileId : undefined };
  for (let hasMore = true; hasMore; ) {
    const step = await retryChanged(() => removeSome(registry, input, ref, { removal, chosen }));
    removed.push(...step.removedFiles);
    hasMore = step.hasMore;
  }
  if (registry.settings.retention > 0) return;
  for (const file of removed) await purgeFile(registry, ref, file);
}

/** The file that the first attempt found. */
interface Chosen {
  fileId: number | undefined;
}

/** Removes a file with its parts, or only some of its parts. `hasMore` is true if anything is left to remove. */
async function removeSome(
  registry: Registry,
  input: FileRemoval,
  ref: PackageRef,
  { removal, chosen }: { readonly removal: Removal; readonly chosen: Chosen },
): Promise<{ readonly removedFiles: readonly RemovedFile[]; readonly hasMore: boolean }> {
  const version = maybeEntity<StoredVersion>(await registry.table.get(keys.version(ref, input.version)));
  const files = version && !version.claim ? await presentFiles(registry, ref, version) : [];
  const target = files.find(({ file, current }) =>
    chosen.fileId === undefined && 'fileName' in input
      ? current && file.fileName === input.fileName
      : file.id === chosen.fileId,
  );
  if (!version || !target) throw new RegistryError('fileNotFound');
  chosen.fileId = target.file.id;
  const successor = target.current ? newestOlderCopy(files, target) : undefined;
  const all = target.current && !successor ? partsOf(files, target) : [];
  const parts = all.slice(0, version.indexed ? INDEXED_AT_ONCE : PARTS_AT_ONCE);
  const hasMore = parts.length < all.length;
  const removedFiles = [...(hasMore ? [] : [target]), ...parts].map(
    ({ file }): RemovedFile => ({ ...plainEntity(file), ...removal }),
  );
  const now = registry.clock.now();
  await registry.table.write([
    ...removedFiles.map((file): Write => ({ put: removedFileItem(ref, file), ...ifOlderCopy(target, file) })),
    ...parts.map(deletion),
    ...(hasMore ? [] : replacementWrites(ref, target, successor)),
    { check: keys.version(ref, input.version), when: unchanged(version) },
    ...indexWrites(ref, { hidden: removedFiles, shown: successor && !hasMore ? [successor.file] : [] }),
    ...moveHead(ref, now, { touched: [input.version], when: { exists: true } }),
    ...(hasMore
      ? []
      : [
          recordEvent(now, {
            ...eventFacts(input, input.version),
            type: 'package_file_deleted',
            details: { file: target.file.fileName },
          }),
        ]),
  ]);
  return { removedFiles, hasMore };
}

/**
 * The condition for removing an older copy, which keeps its key: it must not have been removed, or become current, in
 * the meantime.
 */
function ifOlderCopy(target: StoredFile, { id }: RemovedFile): { readonly when?: Condition } {
  if (target.current || target.file.id !== id) return {};
  return { when: { equals: { id, removedAt: undefined } } };
}

/** The newest older copy of the file's identity. */
function newestOlderCopy(files: readonly StoredFile[], target: StoredFile): StoredFile | undefined {
  const own = identityOf(target.file);
  const copies = files.filter(({ file, current }) => !current && identityOf(file) === own);
  const newest = newestOf(copies.map(({ file }) => file));
  return copies.find(({ file }) => file === newest);
}

function partsOf(files: readonly StoredFile[], { file: { fileName } }: StoredFile): StoredFile[] {
  return files.filter(({ file, current }) => current && file.partOf === fileName);
}

async function presentFiles(
  registry: Registry,
  ref: PackageRef,
  version: StoredVersion,
): Promise<StoredFile[]> {
  const files = await filesOfVersion(registry, ref, version);
  return files.filter(({ file }) => file.removedAt === undefined);
}

/** The writes that delete a current file or replace it with its successor. None for an older copy. */
function replacementWrites(ref: PackageRef, target: StoredFile, successor: StoredFile | undefined): Write[] {
  if (!target.current) return [];
  if (!successor) return [deletion(target)];
  return [
    {
      ...currentFileWrite(ref, plainEntity<PackageFile>(successor.file)),
      when: { equals: { id: target.file.id } },
    },
    deletion(successor),
  ];
}

function deletion({ key, file }: StoredFile): Write {
  return { delete: key, when: { equals: { id: file.id } } };
}
