import { invalidPackage } from '../../domain/errors.ts';
import type { Digests, StagedBlob } from '../../domain/packages.ts';
import type { ClaimedManifest } from './schema.ts';

const algorithms: Readonly<Record<string, keyof Digests>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  sha512: 'sha512',
};

/**
 * Checks the bytes that came in against what the client says of them: the SHA-1, the hashes of the integrity (of
 * several of one algorithm one must fit), and the length.
 * @throws RegistryError `invalidPackage`
 */
export function checkIntegrity(
  dist: ClaimedManifest['dist'],
  length: number | null | undefined,
  { digests, size }: StagedBlob,
): void {
  if (typeof length === 'number' && length !== size) {
    throw invalidPackage(`The tarball has ${size} bytes, but its length is said to be ${length}`);
  }
  if (dist?.shasum && dist.shasum.toLowerCase() !== digests.sha1) {
    throw invalidPackage(`The tarball has the shasum ${digests.sha1}, but dist.shasum is ${dist.shasum}`);
  }
  for (const [algorithm, claimed] of byAlgorithm(dist?.integrity ?? '')) {
    const own = algorithms[algorithm];
    if (!own) continue;
    const real = Buffer.from(digests[own], 'hex').toString('base64');
    if (!claimed.includes(real)) {
      throw invalidPackage(
        `The tarball has the integrity ${algorithm}-${real}, but dist.integrity is ${algorithm}-${claimed.join(' ')}`,
      );
    }
  }
}

/** The hashes of a subresource integrity text (https://www.w3.org/TR/SRI/) by algorithm. */
function byAlgorithm(integrity: string): Map<string, string[]> {
  const hashes = new Map<string, string[]>();
  for (const [, algorithm = '', hash = ''] of integrity.matchAll(/(?<=^|\s)(\w+)-([^\s?]+)/g)) {
    hashes.set(algorithm, [...(hashes.get(algorithm) ?? []), hash]);
  }
  return hashes;
}
