import { RegistryError } from '../domain/errors.ts';
import type { PackageFile, PackageRef, Version } from '../domain/packages.ts';
import type { Write } from '../ports/table.ts';
import type { Registry } from './context.ts';
import { maybeEntity, type StoredHead } from './entities.ts';
import { keys } from './keys.ts';
import { fileWrites, headWrite, nameWrites, versionWrites } from './package-writes.ts';
import { eventFacts, type NewFile, type NewVersion, newFile, newVersion, placed } from './publish-version.ts';
import { recordEvent } from './record-event.ts';
import { referenceBlobs } from './reference-blobs.ts';
import { retryChanged } from './retry-changed.ts';
import { discard } from './stage-blob.ts';

/** A file to add to a version; the version's facts count only when this file is its first. */
export interface AddedFile<M> extends Omit<NewVersion<M>, 'files'> {
  readonly file: NewFile;
  /** Whether a file of this name may be there already; the new one then takes its place. */
  readonly duplicates: 'allow' | 'refuse';
}

/**
 * Adds a file to a version, which is made when this is its first file. An older file of the name is kept behind
 * the new one. Any number of clients may add files to one version at once.
 * @throws RegistryError `duplicateFile` when the name is taken and duplicates are refused.
 */
export async function addFile<M>(
  registry: Registry,
  input: AddedFile<M>,
): Promise<{ readonly version: Version<M>; readonly file: PackageFile }> {
  const { project, format, name } = input;
  const now = registry.clock.now();
  const ref: PackageRef = { projectId: project.id, format, name };
  const blobs = referenceBlobs([input.file.blob]);
  const fresh = await newVersion(registry, input, now);
  const fileId = await newFile(registry, fresh, input.file, now);

  return retryChanged(async () => {
    const [head, stored, present, ...records] = await registry.table.getMany([
      keys.head(ref),
      keys.version(ref, input.version),
      keys.file(ref, input.version, input.file.fileName),
      ...blobs.keys,
    ]);
    const replaced = maybeEntity<PackageFile>(present);
    if (replaced && input.duplicates === 'refuse') throw new RegistryError('duplicateFile');
    const version = maybeEntity<Version<M>>(stored) ?? fresh;
    const plan = blobs.plan(records);
    const file = { ...placed(fileId, input.file, plan), versionId: version.id };
    const listed = maybeEntity<StoredHead>(head)?.live === true;
    await registry.table.write([
      ...(stored ? [stillThere(ref, version)] : versionWrites(project, fresh)),
      ...fileWrites(ref, file, replaced),
      ...plan.writes,
      headWrite(ref, now, stored ? 0 : 1, listed),
      ...(listed ? [] : nameWrites(project, ref)),
      recordEvent(now, {
        ...eventFacts(input, input.version),
        type: stored ? 'package_file_added' : 'package_published',
        details: { file: file.fileName, size: file.size },
      }),
    ]);
    await discard(registry, plan.redundant);
    const fields = { project: project.id, format, package: name, version: input.version };
    registry.log.info('package file added', { ...fields, file: file.fileName, size_bytes: file.size });
    return { version, file };
  });
}

function stillThere(ref: PackageRef, version: Version): Write {
  return { check: keys.version(ref, version.version), when: { equals: { id: version.id } } };
}
