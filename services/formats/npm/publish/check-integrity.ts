import { type DigestAlgorithm, digestAlgorithms, parseSha1 } from '../../../domain/digests.ts';
import { invalidPackage } from '../../../domain/errors.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import type { SentManifest } from '../schema.ts';

function isKnown(algorithm: string): algorithm is DigestAlgorithm {
  return (digestAlgorithms as readonly string[]).includes(algorithm);
}

/**
 * Compares the received bytes with what the client sent: the SHA-1, the hashes of the integrity (of several for one
 * algorithm, one must match), and the length.
 * @throws RegistryError `invalidPackage`
 */
export function checkIntegrity(
  dist: SentManifest['dist'],
  length: number | null | undefined,
  { digests, size }: StagedBlob,
): void {
  if (typeof length === 'number' && length !== size) {
    throw invalidPackage(`The tarball has ${size} bytes, but the request states a length of ${length}`);
  }
  if (dist?.shasum && parseSha1(dist.shasum) !== digests.sha1) {
    throw invalidPackage(`The tarball has the shasum ${digests.sha1}, but dist.shasum is ${dist.shasum}`);
  }
  for (const [algorithm, sent] of byAlgorithm(dist?.integrity ?? '')) {
    if (!isKnown(algorithm)) continue;
    const actual = Buffer.from(digests[algorithm], 'hex').toString('base64');
    if (!sent.includes(actual)) {
      throw invalidPackage(
        `The tarball has the integrity ${algorithm}-${actual}, but dist.integrity is ${algorithm}-${sent.join(' ')}`,
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
    const list = hashes.get(algorithm);
    if (list) list.push(hash);
    else hashes.set(algorithm, [hash]);
  }
  return hashes;
}
