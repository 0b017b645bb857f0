import { type DigestAlgorithm, digestAlgorithms } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { FileName, VersionName } from '../../domain/names.ts';
import { identityOf, type PackageFile, type PackageRef } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { ExpectedDigests } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Publication, PublishedFile, PublishRule } from './rule.ts';

/** How long digests count that came before their file, in milliseconds: until a deployment of many files has ended. */
export const DEPLOYMENT = 10 * 60_000;

/**
 * How long another digest is taken for that of the file that was just published, in milliseconds: clients send digests
 * right after the file. Later on, it belongs to the next upload of the file, since clients may also send digests first.
 */
export const AFTER_FILE = 60_000;

/**
 * A file whose digests came first must have these digests. They count once, for the next upload of the file, and no
 * longer than a deployment takes.
 */
export const expectedDigests: PublishRule = {
  keys(publication) {
    return filesToCompare(publication).flatMap(({ expectedKey, fileKey }) => [expectedKey, fileKey]);
  },
  check(publication, items, { clock }) {
    for (const { file, expectedKey, fileKey } of filesToCompare(publication)) {
      const expected = items.get<ExpectedDigests>(expectedKey);
      if (!expected || expected.at < clock.now() - DEPLOYMENT) continue;
      const existing = items.get<PackageFile>(fileKey);
      for (const algorithm of digestAlgorithms) {
        const digest = expected[algorithm];
        const actual = file.digests?.[algorithm];
        // They came while the existing file was being stored.
        if (digest === undefined || digest === actual || digest === existing?.digests[algorithm]) continue;
        throw new DigestMismatch(file.fileName, { algorithm, expected: digest, actual: String(actual) });
      }
    }
  },
  writes(publication, items) {
    return filesToCompare(publication).map(({ expectedKey }) => {
      const expected = items.get<ExpectedDigests>(expectedKey);
      if (!expected) return { check: expectedKey, when: { exists: false } };
      const digests = digestAlgorithms.map((algorithm) => [algorithm, expected[algorithm]] as const);
      return { delete: expectedKey, when: { equals: { at: expected.at, ...Object.fromEntries(digests) } } };
    });
  },
};

interface FileToCompare {
  readonly file: PublishedFile;
  readonly expectedKey: Key;
  readonly fileKey: Key;
}

/** The files whose digests are known by now, if clients of the format may send digests first. */
function filesToCompare({ project, format, name, version, files }: Publication): readonly FileToCompare[] {
  if (!format.digestsMayComeFirst || version === undefined) return [];
  const ref = { projectId: project.id, format: format.id, name };
  return files.filter(({ digests }) => digests).map((file) => fileToCompare(ref, version, file));
}

function fileToCompare(ref: PackageRef, version: VersionName, file: PublishedFile): FileToCompare {
  const identity = identityOf(file);
  return {
    file,
    expectedKey: keys.expectedDigests(ref, version, identity),
    fileKey: keys.file(ref, version, identity),
  };
}

/** A file that has another digest than its publisher says. */
export class DigestMismatch extends RegistryError {
  constructor(
    fileName: FileName,
    {
      algorithm,
      expected,
      actual,
    }: Record<'expected' | 'actual', string> & { readonly algorithm: DigestAlgorithm },
  ) {
    super(
      'conflict',
      `The ${algorithm} checksum of ${fileName} is ${actual}, not ${expected}: the file was damaged in transit, or ` +
        'replaced by another upload; publish it again',
    );
  }
}
