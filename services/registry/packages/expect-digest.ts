import { hash } from 'node:crypto';
import type { Digest, DigestAlgorithm, Digests } from '../../domain/digests.ts';
import type { FileIdentity, VersionName } from '../../domain/names.ts';
import type { PackageFile, PackageRef, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import type { ExpectedDigests } from '../records/entities.ts';
import { indexes, inIndex2, keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';

/** A file that may not have been published yet. */
export interface ExpectedFile extends PackageRef {
  readonly version: VersionName;
  readonly identity: FileIdentity;
}

/**
 * Stores a digest of a file that has not been published yet; the rule `expectedDigests` compares it with the file.
 * Returns the digests of the file if it has been published in the meantime.
 */
export async function expectDigest<A extends DigestAlgorithm>(
  { table, clock }: Pick<Registry, 'table' | 'clock'>,
  { version, identity, ...ref }: ExpectedFile,
  algorithm: A,
  digest: Digest<A>,
): Promise<Digests | undefined> {
  const at = clock.now();
  const key = keys.expectedDigests(ref, version, identity);
  const known: ExpectedDigests = { [algorithm]: digest, at };
  // Sort keys must differ, and a whole key may be too long to be a part of one.
  const own = hash('sha256', `${key.pk}\n${key.sk}`);
  const due = inIndex2(indexes.expectedDigests.pk, `${new Date(at).toISOString()}#${own}`);
  await table.update(key, { set: { ...known, ...due } });
  const [versionKey, fileKey] = [keys.version(ref, version), keys.file(ref, version, identity)];
  const items = await readItems(table, [versionKey, fileKey]);
  const file = items.get<PackageFile>(fileKey);
  return file && file.versionId === items.get<Version>(versionKey)?.id ? file.digests : undefined;
}
