import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { checkBlobKey, checkRange, isBlobKey, MAX_BLOB_PAGE } from '../../ports/blob-rules.ts';
import type { BlobContent, BlobInfo, BlobStore, ByteRange } from '../../ports/blob-store.ts';
import { bodyStream } from './s3-body.ts';
import { type Links, presignedLinks } from './s3-links.ts';
import type { Encryption, S3Object } from './s3-parts.ts';
import { roomForParts, s3Put } from './s3-put.ts';
import { dropUnfinished } from './s3-unfinished.ts';

/** A bucket in S3 or a compatible store, or the part of it under `prefix`. */
export interface S3BlobStoreOptions {
  readonly client: S3Client;
  /** A client for downloads, whose readers may take longer than the idle timeout of other requests. */
  readonly bodyClient?: S3Client;
  /** Idle timeout while the store sends a body, in milliseconds. */
  readonly idleTimeout?: number;
  readonly bucket: string;
  /** The prefix of every key; ends in `/` by convention. */
  readonly prefix?: string;
  /** The encryption of new blobs. Defaults to that of the bucket. */
  readonly encryption?: Encryption;
  /** Creates links to prefixed keys. Defaults to presigned S3 links. */
  readonly links?: Links;
}

/** The maximum number of keys per DeleteObjects request. */
const MAX_DELETES = 1_000;

/**
 * The `BlobStore` port on S3. A key is written once: every write is conditional on its absence.
 *
 * The role needs `s3:ListBucket` in addition to the object permissions: without it S3 responds with 403 instead of
 * 404 to missing keys. The sweep also needs `s3:ListBucketMultipartUploads` and `s3:ListMultipartUploadParts`.
 */
export function s3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const { client, bodyClient = client, idleTimeout = 60_000, bucket: Bucket, prefix = '' } = options;
  const { links = presignedLinks(client, Bucket) } = options;
  const put = { inFlight: roomForParts(), encryption: options.encryption ?? {} };
  const objectOf = (key: string) => {
    checkBlobKey(key);
    return { Bucket, Key: prefix + key };
  };
  return {
    put: async (key, body) => s3Put(client, objectOf(key), body, put),
    get: async (key, range) => get({ client: bodyClient, idleTimeout }, key, objectOf(key), range),
    head: async (key) => head(client, key, objectOf(key)),
    async delete(keys) {
      const objects = keys.map(objectOf);
      for (let start = 0; start < objects.length; start += MAX_DELETES) {
        await deleteBatch(client, Bucket, objects.slice(start, start + MAX_DELETES));
      }
    },
    async list({ prefix: start = '', after } = {}) {
      for (let [last, token] = [after, undefined as string | undefined]; ; ) {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix: prefix + start,
            StartAfter: last === undefined ? undefined : prefix + last,
            ContinuationToken: token,
            MaxKeys: MAX_BLOB_PAGE,
          }),
        );
        const found = (page.Contents ?? []).map((object) =>
          toInfo(object.Key?.slice(prefix.length) ?? '', object.Size, object.LastModified),
        );
        const blobs = found.filter(({ key }) => isBlobKey(key));
        token = page.NextContinuationToken;
        // A page with neither a key nor a continuation token is the last one, even if it claims to be truncated.
        const more = page.IsTruncated === true && (found.length > 0 || token !== undefined);
        if (blobs.length > 0 || !more) return { blobs, more };
        last = found.at(-1)?.key ?? last;
      }
    },
    dropUnfinished: async (uploads) =>
      dropUnfinished(client, { bucket: Bucket, prefix: prefix + uploads.prefix, before: uploads.before }),
    link: async (key, link) => links(objectOf(key).Key, link),
  };
}

async function get(
  { client, idleTimeout }: { readonly client: S3Client; readonly idleTimeout: number },
  key: string,
  object: S3Object,
  range: ByteRange | undefined,
): Promise<BlobContent | undefined> {
  // S3 ignores an invalid range and would return the whole blob.
  if (range) checkRange(range, Number.POSITIVE_INFINITY);
  const rangeHeader = range && { Range: `bytes=${range.start}-${range.end}` };
  try {
    const found = await client.send(new GetObjectCommand({ ...object, ...rangeHeader }));
    return toContent(key, found, bodyOf(key, found, idleTimeout), range);
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    if (error instanceof S3ServiceException && error.name === 'InvalidRange') {
      throw new RangeError(`the blob ends before the range ${rangeHeader?.Range}`, { cause: error });
    }
    throw error;
  }
}

function bodyOf(key: string, found: GetObjectCommandOutput, idleTimeout: number): ReadableStream<Uint8Array> {
  if (found.Body === undefined) throw new Error(`the store returned no body for ${key}`);
  return bodyStream(found.Body as Readable, idleTimeout);
}

async function toContent(
  key: string,
  found: GetObjectCommandOutput,
  body: ReadableStream<Uint8Array>,
  range: ByteRange | undefined,
): Promise<BlobContent> {
  // "bytes 0-9/100": for a range, the content length is that of the part.
  const size = range ? Number(found.ContentRange?.split('/').at(-1)) : found.ContentLength;
  try {
    if (range) checkRange(range, size ?? 0);
  } catch (error) {
    await body.cancel();
    throw error;
  }
  return { ...toInfo(key, size, found.LastModified), body };
}

async function head(client: S3Client, key: string, object: S3Object): Promise<BlobInfo | undefined> {
  try {
    const { ContentLength, LastModified } = await client.send(new HeadObjectCommand(object));
    return toInfo(key, ContentLength, LastModified);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

function toInfo(key: string, size: number | undefined, modifiedAt: Date | undefined): BlobInfo {
  // Headers have whole seconds, listings may be more precise.
  const seconds = Math.floor((modifiedAt?.getTime() ?? 0) / 1000);
  return { key, size: size ?? 0, modifiedAt: seconds * 1000 };
}

async function deleteBatch(client: S3Client, Bucket: string, objects: readonly S3Object[]): Promise<void> {
  const Objects = objects.map(({ Key }) => ({ Key }));
  const { Errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
  );
  const [first] = Errors;
  if (first === undefined) return;
  throw new Error(`${Errors.length} blobs were not deleted; ${first.Key}: ${first.Code} ${first.Message}`);
}
