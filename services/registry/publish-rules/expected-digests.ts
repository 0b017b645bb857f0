import { type DigestAlgorithm, digestAlgorithms } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { FileName, VersionName } from '../../domain/names.ts';
import { identityOf, type PackageFile, type PackageRef } from '../../domain/packages.ts';
import type { ExpectedDigests } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Publication, PublishedFile, PublishRule } from './rule.ts';

/**
 * How long expected digests count, in milliseconds: clients send a file and its digests within one deployment. After
 * that, the sweep deletes them.
 */
export const EXPECTED_FOR = 10 * 60_000;

/**
 * A file whose digests came first must have these digests. They count until the file has come with them: later uploads
 * of the same file are compared with the digests that follow them.
 */
export const expectedDigests: PublishRule = {
  keys(publication) {
    return filesToCompare(publication).flatMap(({ ref, version, file }) => [
      keys.expectedDigests(ref, version, identityOf(file)),
      keys.file(ref, version, identityOf(file)),
    ]);
  },
  check(publication, items, { clock }) {
    for (const { ref, version, file } of filesToCompare(publication)) {
      const expected = items.get<ExpectedDigests>(keys.expectedDigests(ref, version, identityOf(file)));
      if (!expected || expected.at < clock.now() - EXPECTED_FOR) continue;
      const existing = items.get<PackageFile>(keys.file(ref, version, identityOf(file)));
      for (const algorithm of digestAlgorithms) {
        const digest = expected[algorithm];
        const actual = file.digests?.[algorithm];
        if (digest === undefined || digest === actual || digest === existing?.digests[algorithm]) continue;
        throw digestMismatch(file.fileName, algorithm, digest, String(actual));
      }
    }
  },
};

interface FileToCompare {
  readonly ref: PackageRef;
  readonly version: VersionName;
  readonly file: PublishedFile;
}

/** The files whose digests are known by now, if clients of the format send digests first. */
function filesToCompare({ project, format, name, version, files }: Publication): readonly FileToCompare[] {
  if (!format.digestsMayComeFirst || version === undefined) return [];
  const ref = { projectId: project.id, format: format.id, name };
  return files.filter(({ digests }) => digests).map((file) => ({ ref, version, file }));
}

/** The error for a file with other bytes than its publisher says. */
export function digestMismatch(
  fileName: FileName,
  algorithm: DigestAlgorithm,
  expected: string,
  actual: string,
): RegistryError {
  return new RegistryError(
    'conflict',
    `The ${algorithm} checksum of ${fileName} is ${actual}, not ${expected}: the file was damaged in transit, or ` +
      'replaced by another upload; publish it again',
  );
}
