import { type DigestKind, digestKinds, parseSha1 } from '../../../domain/digests.ts';
import { invalidPackage } from '../../../domain/errors.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import type { ClaimedManifest } from '../schema.ts';

function isKnown(algorithm: string): algorithm is DigestKind {
  return (digestKinds as readonly string[]).includes(algorithm);
}

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
  if (dist?.shasum && parseSha1(dist.shasum) !== digests.sha1) {
    throw invalidPackage(`The tarball has the shasum ${digests.sha1}, but dist.shasum is ${dist.shasum}`);
  }
  for (const [algorithm, claimed] of byAlgorithm(dist?.integrity ?? '')) {
    if (!isKnown(algorithm)) continue;
    const real = Buffer.from(digests[algorithm], 'hex').toString('base64');
    if (!claimed.includes(real)) {
      throw invalidPackage(
        `The tarball has the integrity ${algorithm}-${real}, but dist.integrity is ${algorithm}-${claimed.join(' ')}`,
      );
    }
  }
}

/** The hashes of a subresource integrity text (https://www.w3.org/TR/SRI/) by algorithm, without their options. */
function byAlgorithm(integrity: string): Map<string, string[]> {
  const hashes = new Map<string, string[]>();
  for (const each of integrity.split(/\s+/)) {
    const dash = each.indexOf('-');
    const [hash = ''] = each.slice(dash + 1).split('?', 1);
    if (dash <= 0 || hash === '') continue;
    const algorithm = each.slice(0, dash);
    const known = hashes.get(algorithm);
    if (known) known.push(hash);
    else hashes.set(algorithm, [hash]);
  }
  return hashes;
}
