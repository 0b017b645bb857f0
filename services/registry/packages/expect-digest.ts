import { hash } from 'node:crypto';
import type { Digest, DigestAlgorithm } from '../../domain/digests.ts';
import { identityOf, type PackageFile, type PackageRef, type Version } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { AFTER_FILE, DigestMismatch } from '../publish-rules/expected-digests.ts';
import type { ExpectedDigests } from '../records/entities.ts';
import { indexes, inIndex2, keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';

/** A file that may not have been published yet. */
export interface ExpectedFile extends PackageRef, Pick<PackageFile, 'version' | 'fileName' | 'identity'> {}

/** A digest, as a publisher states it. */
export interface StatedDigest<A extends DigestAlgorithm> {
  readonly algorithm: A;
  readonly digest: Digest<A>;
}

type Reader = Pick<Registry, 'table' | 'clock'>;

/**
 * Compares a digest with a file that was just published. If the file is missing, or so old that the digest belongs to
 * its next upload, the digest is stored, and the rule `expectedDigests` compares it when the file comes.
 * @param existing the file as it was read before, if it exists
 * @throws DigestMismatch
 */
export async function compareDigest<A extends DigestAlgorithm>(
  registry: Reader,
  expected: ExpectedFile,
  existing: PackageFile | undefined,
  stated: StatedDigest<A>,
): Promise<void> {
  if (existing && isSettled(registry, existing, stated)) return;
  const key = keys.expectedDigests(expected, expected.version, identityOf(expected));
  await storeExpected(registry, key, stated);
  // The file may have come in the meantime.
  const file = await readFile(registry, expected);
  if (!file || file.id === existing?.id) return;
  await registry.table.write([{ delete: key }]);
  isSettled(registry, file, stated);
}

/**
 * Whether a file has the digest.
 * @throws DigestMismatch if it has another one, and is too new to be replaced by a later upload
 */
function isSettled<A extends DigestAlgorithm>(
  { clock }: Reader,
  { fileName, digests, createdAt }: PackageFile,
  { algorithm, digest }: StatedDigest<A>,
): boolean {
  const actual = digests[algorithm];
  if (actual === digest) return true;
  if (createdAt < clock.now() - AFTER_FILE) return false;
  throw new DigestMismatch(fileName, { algorithm, expected: digest, actual });
}

async function storeExpected<A extends DigestAlgorithm>(
  { table, clock }: Reader,
  key: Key,
  { algorithm, digest }: StatedDigest<A>,
): Promise<void> {
  const at = clock.now();
  const known: ExpectedDigests = { [algorithm]: digest, at };
  // Sort keys must differ, and a whole key may be too long to be a part of one.
  const own = hash('sha256', `${key.pk}\n${key.sk}`);
  const due = inIndex2(indexes.expectedDigests.pk, `${new Date(at).toISOString()}#${own}`);
  await table.update(key, { set: { ...known, ...due } });
}

async function readFile(
  { table }: Reader,
  { version, ...file }: ExpectedFile,
): Promise<PackageFile | undefined> {
  const [versionKey, fileKey] = [keys.version(file, version), keys.file(file, version, identityOf(file))];
  const items = await readItems(table, [versionKey, fileKey]);
  const found = items.get<PackageFile>(fileKey);
  return found?.versionId === items.get<Version>(versionKey)?.id ? found : undefined;
}

/** Forgets the digests that a file should have, so that it can be published again with others. */
export async function forgetDigests({ table }: Reader, expected: ExpectedFile): Promise<void> {
  await table.write([{ delete: keys.expectedDigests(expected, expected.version, identityOf(expected)) }]);
}
