import { algorithmOfDigest, type ContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageBlob } from '../../domain/packages.ts';
import { discard, discardUnless, stageContent } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { hasDigest, holdBlob, type PackageIn } from './hold-blob.ts';

/** The most bytes of an upload, and the hint of the error for more. */
export interface ContentLimit {
  readonly bytes: number;
  readonly hint: string;
}

/** The bytes of an upload have another digest than their client says. */
export class WrongDigest extends RegistryError {
  constructor(expected: ContentDigest, actual: string) {
    super('invalidRequest', `The bytes have the digest ${actual}, not ${expected}`);
  }
}

/**
 * Stores bytes in one go, for a package to hold.
 * @throws WrongDigest, and then nothing is left of them
 */
export async function storePackageBlob(
  registry: Registry,
  input: PackageIn & {
    readonly digest: ContentDigest;
    readonly body: AsyncIterable<Uint8Array>;
    readonly limit: ContentLimit;
  },
): Promise<PackageBlob> {
  const { digest, limit } = input;
  const algorithm = algorithmOfDigest(digest);
  const options = { limit: limit.bytes, hint: limit.hint, algorithm };
  const staged = await stageContent(registry, input.body, options);
  if (!hasDigest(staged, digest)) {
    await discard(registry, [staged]);
    throw new WrongDigest(digest, `${algorithm}:${staged.digests[algorithm]}`);
  }
  return discardUnless(registry, [staged], () => holdBlob(registry, input, { ...staged, digest }));
}
