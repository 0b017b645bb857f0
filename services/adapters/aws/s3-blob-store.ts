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
import type { Encryption, Place } from './s3-parts.ts';
import { roomForParts, s3Put } from './s3-put.ts';
import { dropUnfinished } from './s3-unfinished.ts';

/** A bucket of any S3-compatible store, or the part of it under `prefix`. */
export interface S3BlobStoreOptions {
  readonly client: S3Client;
  /** Fetches bodies, whose readers may take longer than a connection may stand still in all other requests. */
  readonly bodyClient?: S3Client;
  /** How long the store may send nothing in the middle of a body, in milliseconds. */
  readonly silence?: number;
  readonly bucket: string;
  /** Put in front of every key; ends in `/` by custom. */
  readonly prefix?: string;
  /** How new blobs are encrypted; left out, the bucket decides. */
  readonly encryption?: Encryption;
  /** Makes the links to keys with their prefix; left out, S3's own are made. */
  readonly links?: Links;
}

/** The most keys one DeleteObjects request takes. */
const MAX_DELETES = 1_000;

/**
 * The `BlobStore` port on S3. A key is written once: every write is conditional on its absence.
 *
 * The role needs `s3:ListBucket` besides the object rights: without it S3 answers 403 instead of 404 for what is absent.
 * Whoever sweeps also needs `s3:ListBucketMultipartUploads` and `s3:ListMultipartUploadParts`.
 */
export function s3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const { client, bodyClient = client, silence = 60_000, bucket: Bucket, prefix = '' } = options;
  const { links = presignedLinks(client, Bucket) } = options;
  const put = { inFlight: roomForParts(), encryption: options.encryption ?? {} };
  const place = (key: string) => {
    checkBlobKey(key);
    return { Bucket, Key: prefix + key };
  };
  return {
    put: async (key, body) => s3Put(client, place(key), body, put),
    get: async (key, range) => get({ client: bodyClient, silence }, key, place(key), range),
    head: async (key) => head(client, key, place(key)),
    async delete(keys) {
      const places = keys.map(place);
      for (let start = 0; start < places.length; start += MAX_DELETES) {
        await deleteBatch(client, Bucket, places.slice(start, start + MAX_DELETES));
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
        // A page that names neither a key nor what comes next is the last one, whatever it says.
        const more = page.IsTruncated === true && (found.length > 0 || token !== undefined);
        if (blobs.length > 0 || !more) return { blobs, more };
        last = found.at(-1)?.key ?? last;
      }
    },
    dropUnfinished: async (uploads) =>
      dropUnfinished(client, { bucket: Bucket, prefix: prefix + uploads.prefix, before: uploads.before }),
    link: async (key, link) => links(place(key).Key, link),
  };
}

async function get(
  { client, silence }: { readonly client: S3Client; readonly silence: number },
  key: string,
  place: Place,
  range: ByteRange | undefined,
): Promise<BlobContent | undefined> {
  // S3 ignores a range that is no range, and would answer the whole blob.
  if (range) checkRange(range, Number.POSITIVE_INFINITY);
  const wanted = range && { Range: `bytes=${range.start}-${range.end}` };
  try {
    const found = await client.send(new GetObjectCommand({ ...place, ...wanted }));
    return toContent(key, found, bodyOf(key, found, silence), range);
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    if (error instanceof S3ServiceException && error.name === 'InvalidRange') {
      throw new RangeError(`the blob ends before the range ${wanted?.Range}`, { cause: error });
    }
    throw error;
  }
}

function bodyOf(key: string, found: GetObjectCommandOutput, silence: number): ReadableStream<Uint8Array> {
  if (found.Body === undefined) throw new Error(`the store answered without a body for ${key}`);
  return bodyStream(found.Body as Readable, silence);
}

async function toContent(
  key: string,
  found: GetObjectCommandOutput,
  body: ReadableStream<Uint8Array>,
  range: ByteRange | undefined,
): Promise<BlobContent> {
  // "bytes 0-9/100": with a range the length is that of the part.
  const size = range ? Number(found.ContentRange?.split('/').at(-1)) : found.ContentLength;
  try {
    if (range) checkRange(range, size ?? 0);
  } catch (error) {
    await body.cancel();
    throw error;
  }
  return { ...toInfo(key, size, found.LastModified), body };
}

async function head(client: S3Client, key: string, place: Place): Promise<BlobInfo | undefined> {
  try {
    const { ContentLength, LastModified } = await client.send(new HeadObjectCommand(place));
    return toInfo(key, ContentLength, LastModified);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

function toInfo(key: string, size: number | undefined, modifiedAt: Date | undefined): BlobInfo {
  // Headers tell whole seconds, lists may tell more.
  const seconds = Math.floor((modifiedAt?.getTime() ?? 0) / 1000);
  return { key, size: size ?? 0, modifiedAt: seconds * 1000 };
}

async function deleteBatch(client: S3Client, Bucket: string, places: readonly Place[]): Promise<void> {
  const Objects = places.map(({ Key }) => ({ Key }));
  const { Errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
  );
  const [first] = Errors;
  if (first === undefined) return;
  throw new Error(`${Errors.length} blobs were not deleted; ${first.Key}: ${first.Code} ${first.Message}`);
}
