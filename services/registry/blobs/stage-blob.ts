import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import {
  type BlobDigests,
  type ContentAlgorithm,
  type DigestAlgorithm,
  type Digests,
  digestAlgorithms,
  digestFrom,
} from '../../domain/digests.ts';
import { RegistryError, tooLarge } from '../../domain/errors.ts';
import type { StagedBlob, StagedBytes } from '../../domain/packages.ts';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';
import { newBlobKey } from './storage-keys.ts';

/** How to stage an upload. */
export interface StageOptions<T> {
  /** The most bytes the upload may have, and the hint added to the error for larger ones. */
  readonly limit: number;
  readonly hint?: string;
  /** Reads the bytes as they arrive, for example to find metadata. Refuses the upload by throwing. */
  readonly inspect?: (body: AsyncIterable<Uint8Array>) => Promise<T>;
}

/** A staged blob and the result of `inspect`. */
export interface Staged<T> {
  readonly blob: StagedBlob;
  readonly facts: T | undefined;
}

/**
 * Streams an upload into the blob store in one pass that also computes all digests and feeds `inspect`. No
 * record refers to the blob yet: a publish transaction adds the reference, or the sweep deletes the orphaned
 * blob.
 * @throws RegistryError `bodyTooLarge` above the limit, and anything that `inspect` throws.
 */
export async function stageBlob<T = undefined>(
  registry: Registry,
  body: AsyncIterable<Uint8Array>,
  options: StageOptions<T>,
): Promise<Staged<T>> {
  const { blob, facts } = await stage(registry, body, options, digestAlgorithms);
  return { blob: { ...blob, digests: blob.digests as Digests }, facts };
}

/**
 * Streams bytes that are not a file into the blob store, and computes only the digests by which they are known: each
 * takes time. Otherwise like `stageBlob`.
 */
export async function stageContent(
  registry: Registry,
  body: AsyncIterable<Uint8Array>,
  options: Pick<StageOptions<undefined>, 'limit' | 'hint'> & { readonly algorithm: ContentAlgorithm },
): Promise<StagedBytes> {
  const algorithms = options.algorithm === 'sha256' ? SHA_256 : [...SHA_256, options.algorithm];
  return (await stage<undefined>(registry, body, options, algorithms)).blob;
}

const SHA_256 = ['sha256'] as const;

async function stage<T>(
  registry: Registry,
  body: AsyncIterable<Uint8Array>,
  options: StageOptions<T>,
  algorithms: readonly DigestAlgorithm[],
): Promise<{ readonly blob: StagedBytes; readonly facts: T | undefined }> {
  const hashes = algorithms.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
  const copy = options.inspect ? new PassThrough({ highWaterMark: 1 << 20 }) : undefined;
  // The stream may be destroyed before anyone listens for errors, or without anyone ever listening.
  copy?.on('error', () => {});
  const inspection = copy && options.inspect?.(copy);
  let inspectionError: unknown;
  inspection?.then(
    () => copy?.resume(),
    (error: unknown) => {
      inspectionError = error;
      copy?.resume();
    },
  );

  async function* pass() {
    let size = 0;
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > options.limit) throw tooLarge(options.limit, options.hint);
      if (inspectionError) throw inspectionError;
      for (const { hash } of hashes) hash.update(chunk);
      if (copy && !copy.write(chunk)) await drained(copy);
      yield chunk;
    }
    copy?.end();
    await inspection;
  }

  const storageKey = newBlobKey();
  try {
    const { size } = await registry.blobs.put(storageKey, pass());
    const digests = Object.fromEntries(
      hashes.map(({ algorithm, hash }) => [algorithm, digestFrom(algorithm, hash.digest())]),
    ) as unknown as BlobDigests;
    return { blob: { storageKey, size, digests }, facts: await inspection };
  } catch (error) {
    copy?.destroy(error instanceof Error ? error : undefined);
    throw error;
  }
}

/** Stages bytes that are already in memory. */
export async function stageBytes(registry: Registry, bytes: Uint8Array): Promise<StagedBlob> {
  async function* once() {
    yield bytes;
  }
  return (await stageBlob(registry, once(), { limit: bytes.byteLength })).blob;
}

function drained(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writableNeedDrain) return resolve();
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

/**
 * Runs the work that adds references to staged blobs. If the work is refused, deletes the blobs that no record
 * mentions; part of the work may have been done. If this process may not delete blobs, or the outcome of the
 * work is unknown, the sweep deletes orphaned blobs later.
 */
export async function discardUnless<T>(
  registry: Registry,
  blobs: readonly StagedBytes[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isRefusal(error)) await discardUnrecorded(registry, blobs);
    throw error;
  }
}

/** Whether the error means that nothing was written. A lost response, or any other failure, leaves that open. */
function isRefusal(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return !error.mayBeWritten;
  if (error instanceof RegistryError || error instanceof ConditionFailed) return true;
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

async function discardUnrecorded(registry: Registry, blobs: readonly StagedBytes[]): Promise<void> {
  if (!registry.settings.deletesBlobs || blobs.length === 0) return;
  try {
    const records = await readMany(
      registry.table,
      blobs.map(({ digests }) => keys.blob(digests.sha256)),
    );
    const unrecorded = blobs.filter(({ storageKey }, index) => records[index]?.storageKey !== storageKey);
    await discard(registry, unrecorded);
  } catch (error) {
    registry.log.error('staged blobs not deleted', { error });
  }
}

/** Deletes orphaned staged blobs, if this process may. Never fails: the sweep deletes what is left. */
export async function discard(registry: Registry, blobs: readonly StagedBytes[]): Promise<void> {
  if (!registry.settings.deletesBlobs || blobs.length === 0) return;
  try {
    await registry.blobs.delete(blobs.map((blob) => blob.storageKey));
  } catch (error) {
    registry.log.error('staged blobs not deleted', { error });
  }
}
