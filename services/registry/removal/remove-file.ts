import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile, PackageRef } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites } from '../indexes/index-writes.ts';
import { moveHead } from '../packages/move-head.ts';
import { currentFileWrite } from '../packages/package-writes.ts';
import { eventFacts } from '../packages/publish-version.ts';
import { maybeEntity, plainEntity, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { purgeFile } from './purge.ts';
import { asRead, type VersionRemoval } from './remove-version.ts';
import { filesOfVersion, type RemovedFile, removalBy, removedFileItem, type StoredFile } from './removed.ts';

/** Which file of a version to remove, and who does it: one by its id, or the current one of a name. */
export type FileRemoval = VersionRemoval & ({ readonly fileId: number } | { readonly fileName: string });

/**
 * Removes one file of a version; the newest older copy of its name, if any, takes its place. Without one, the files that
 * are part of it go with it. They can be restored until their retention is over.
 * @throws RegistryError `fileNotFound` when the version has no such file, or another request has just removed it.
 */
export async function removeFile(registry: Registry, input: FileRemoval): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  let fileId = 'fileId' in input ? input.fileId : undefined;
  const removed = await retryChanged(async () => {
    const version = maybeEntity<StoredVersion>(await registry.table.get(keys.version(ref, input.version)));
    const files = version ? await presentFiles(registry, ref, version) : [];
    const target = files.find(({ file, current }) =>
      fileId === undefined && 'fileName' in input
        ? current && file.fileName === input.fileName
        : file.id === fileId,
    );
    if (!version || !target) throw new RegistryError('fileNotFound');
    // A second attempt must not remove the copy that has taken the place of the first.
    fileId = target.file.id;
    const { fileName } = target.file;
    const successor = target.current
      ? files.filter(({ file, current }) => !current && file.fileName === fileName).at(-1)
      : undefined;
    const parts =
      target.current && !successor
        ? files.filter(({ file, current }) => current && file.partOf === fileName)
        : [];
    const now = registry.clock.now();
    const gone = [target, ...parts].map(
      ({ file }): RemovedFile => ({ ...plainEntity(file), ...removalBy(registry, input.actor) }),
    );
    await registry.table.write([
      ...gone.map((file): Write => ({ put: removedFileItem(ref, file) })),
      ...parts.map(deletion),
      ...placeWrites(ref, target, successor),
      { check: keys.version(ref, input.version), when: asRead(version) },
      ...indexWrites(ref, { hidden: gone, shown: successor ? [successor.file] : [] }),
      ...moveHead(ref, now, { touched: [input.version], when: { exists: true } }),
      recordEvent(now, {
        ...eventFacts(input, input.version),
        type: 'package_file_deleted',
        details: { file: fileName },
      }),
    ]);
    return gone;
  });
  if (registry.settings.retention > 0) return;
  for (const file of removed) await purgeFile(registry, ref, file);
}

async function presentFiles(
  registry: Registry,
  ref: PackageRef,
  version: StoredVersion,
): Promise<StoredFile[]> {
  const files = await filesOfVersion(registry, ref, version);
  return files.filter(({ file }) => file.removedAt === undefined);
}

/** The writes that empty the place of a removed file, or give it to its successor. An older copy has no place to empty. */
function placeWrites(ref: PackageRef, target: StoredFile, successor: StoredFile | undefined): Write[] {
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
