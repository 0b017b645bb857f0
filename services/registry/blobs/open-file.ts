import { LRUCache } from 'lru-cache';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile } from '../../domain/packages.ts';
import type { ByteRange } from '../../ports/blob-store.ts';
import type { Registry } from '../context.ts';

/** Files up to this many bytes are kept in memory once they were sent; opening a file costs more than sending one. */
const SMALL = 128 * 1024;

const smallFiles = new WeakMap<Registry['blobs'], LRUCache<string, Uint8Array>>();

/** A file ready to be sent: where to find it, or its bytes. */
export type OpenedFile =
  | { readonly link: string }
  | { readonly bytes: Uint8Array }
  | { readonly stream: ReadableStream<Uint8Array> };

/** What is sent: a file, or something like one whose few bytes may be at hand. */
export interface OpenableFile
  extends Pick<
    PackageFile,
    'id' | 'fileName' | 'contentType' | 'size' | 'digests' | 'storageKey' | 'createdAt'
  > {
  readonly bytes?: Uint8Array;
}

/** How a file is asked for. */
export interface OpenOptions {
  readonly range?: ByteRange | undefined;
  /** Send the bytes even where a link could be given. */
  readonly proxy: boolean;
  /** What the answer is to say the file is and is called. */
  readonly contentType: string;
  readonly contentDisposition: string;
  readonly cacheControl?: string;
}

/**
 * Opens a file's bytes, or makes a signed link to them where the blob store can give one.
 * @throws RegistryError `storageUnavailable` when the blob that the file refers to is not there, or not whole.
 */
export async function openFile(
  registry: Registry,
  file: OpenableFile,
  options: OpenOptions,
): Promise<OpenedFile> {
  const { settings, blobs } = registry;
  const { proxy, contentType, contentDisposition, cacheControl } = options;
  if (file.bytes) return { bytes: part(file.bytes, options.range) };
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
  if (file.size <= SMALL) return { bytes: part(await smallFile(registry, file), options.range) };
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

/** The file's bytes from the blob store. What a record does not describe truly would not fit the answer's length. */
async function streamOf(
  { blobs }: Registry,
  file: OpenableFile,
  range?: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  const content = await blobs.get(file.storageKey, range);
  if (!content) throw unusable(file, 'is missing');
  if (content.size === file.size) return content.body;
  await content.body.cancel();
  throw unusable(file, `has ${content.size} bytes, not ${file.size}`);
}

async function bytesOf(file: OpenableFile, stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw unusable(file, 'broke off', error);
  }
}

function part(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range ? bytes.subarray(range.start, range.end + 1) : bytes;
}

function unusable(file: OpenableFile, what: string, cause?: unknown): RegistryError {
  return new RegistryError('storageUnavailable', undefined, {
    cause: new Error(`the blob ${file.storageKey} of file ${file.id} ${what}`, { cause }),
  });
}
