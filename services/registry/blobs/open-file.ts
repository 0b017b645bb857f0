import { LRUCache } from 'lru-cache';
import type { Digests } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile } from '../../domain/packages.ts';
import type { ByteRange } from '../../ports/blob-store.ts';
import type { Registry } from '../context.ts';

/** Files up to this many bytes are cached in memory once sent, since opening a file costs more than sending it. */
const MAX_CACHED_BYTES = 128 * 1024;

const smallFiles = new WeakMap<Registry['blobs'], LRUCache<string, Uint8Array>>();

/** A file ready to be sent: a link to it, or its bytes. */
export type OpenedFile =
  | { readonly link: string }
  | { readonly bytes: Uint8Array }
  | { readonly stream: ReadableStream<Uint8Array> };

/** A file to send, or something like a file whose bytes may already be in memory. */
export interface OpenableFile
  extends Pick<PackageFile, 'id' | 'contentType' | 'size' | 'storageKey' | 'createdAt'> {
  readonly digests: Pick<Digests, 'sha256'>;
  readonly fileName: string;
  readonly bytes?: Uint8Array;
}

/** How to send a file. */
export interface OpenOptions {
  readonly range?: ByteRange | undefined;
  /** Whether to send the bytes even if the blob store can sign a link. */
  readonly proxy: boolean;
  readonly contentType: string;
  readonly contentDisposition: string;
  readonly cacheControl?: string;
}

/**
 * Opens a file's bytes, or signs a link to them if the blob store can.
 * @throws RegistryError `storageUnavailable` if the file's blob is missing or incomplete.
 */
export async function openFile(
  registry: Registry,
  file: OpenableFile,
  options: OpenOptions,
): Promise<OpenedFile> {
  const { settings, blobs } = registry;
  const { proxy, contentType, contentDisposition, cacheControl } = options;
  if (file.bytes) return { bytes: sliceOf(file.bytes, options.range) };
  if (!proxy) {
    const link = await blobs.link(file.storageKey, {
      method: 'GET',
      lifetime: settings.linkLifetime,
      contentType,
      contentDisposition,
      ...(cacheControl !== undefined && { cacheControl }),
    });
    if (link !== undefined) return { link };
  }
  if (file.size <= MAX_CACHED_BYTES)
    return { bytes: sliceOf(await smallFile(registry, file), options.range) };
  return { stream: await streamOf(registry, file, options.range) };
}

async function smallFile(registry: Registry, file: OpenableFile): Promise<Uint8Array> {
  let cache = smallFiles.get(registry.blobs);
  if (!cache) {
    cache = new LRUCache({ maxSize: 64 << 20, sizeCalculation: (bytes) => bytes.byteLength + 200 });
    smallFiles.set(registry.blobs, cache);
  }
  const cached = cache.get(file.storageKey);
  if (cached) return cached;
  const bytes = await bytesOf(file, await streamOf(registry, file));
  cache.set(file.storageKey, bytes);
  return bytes;
}

/** The file's bytes from the blob store. Refuses a blob of another size, which would not fit `Content-Length`. */
async function streamOf(
  { blobs }: Registry,
  file: OpenableFile,
  range?: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  const content = await blobs.get(file.storageKey, range);
  if (!content) throw storageError(file, 'is missing');
  if (content.size === file.size) return content.body;
  await content.body.cancel();
  throw storageError(file, `has ${content.size} bytes, not ${file.size}`);
}

async function bytesOf(file: OpenableFile, stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw storageError(file, 'could not be read completely', error);
  }
}

function sliceOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range ? bytes.subarray(range.start, range.end + 1) : bytes;
}

function storageError(file: OpenableFile, what: string, cause?: unknown): RegistryError {
  return new RegistryError('storageUnavailable', undefined, {
    cause: new Error(`the blob ${file.storageKey} of file ${file.id} ${what}`, { cause }),
  });
}
