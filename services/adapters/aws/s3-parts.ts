import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type S3Client,
  S3ServiceException,
  type ServerSideEncryption,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import type { InFlight } from './in-flight.ts';

/** Timeout for removing the parts of a failed upload, in milliseconds: a client is waiting for the response. */
const ABORT_TIMEOUT = 10_000;

/** The bucket and key of an object. */
export interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
}

/** The encryption of a new object, as S3 request fields. Empty to use the bucket's default. */
export interface Encryption {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
}

/** A multipart upload, which its creator must complete or abort. */
export interface PartUpload {
  /**
   * Sends the next part. Resolves once it is in flight.
   * @throws the error of an earlier part
   */
  send(bytes: Uint8Array): Promise<void>;
  /** Creates the object from the parts, if its key is still free. */
  complete(): Promise<void>;
  /** Removes the parts. */
  abort(): Promise<void>;
}

/** How the parts of an upload are sent. */
export interface PartOptions {
  /** Limits the bytes in flight. */
  readonly inFlight: InFlight;
  readonly encryption: Encryption;
  /** Called with the memory of each sent part for reuse. */
  readonly recycle: (bytes: Uint8Array) => void;
}

/** Starts a multipart upload. */
export async function startPartUpload(
  client: S3Client,
  object: S3Object,
  { inFlight, encryption, recycle }: PartOptions,
): Promise<PartUpload> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...object, ...encryption }));
  const upload = { ...object, UploadId };
  const parts: CompletedPart[] = [];
  const failures: unknown[] = [];
  const sending = new Set<Promise<void>>();
  let size = 0;

  async function sendPart(bytes: Uint8Array, PartNumber: number): Promise<void> {
    try {
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body: bytes }));
      parts[PartNumber - 1] = { ETag, PartNumber };
      recycle(bytes);
    } catch (error) {
      failures.push(error);
    }
    inFlight.leave(bytes.byteLength);
  }

  function throwFailure(): void {
    if (failures.length > 0) throw failures[0];
  }

  return {
    async send(bytes) {
      await inFlight.enter(bytes.byteLength);
      if (failures.length > 0) inFlight.leave(bytes.byteLength);
      throwFailure();
      size += bytes.byteLength;
      const part = sendPart(bytes, parts.push({})).finally(() => sending.delete(part));
      sending.add(part);
    },
    async complete() {
      await Promise.all(sending);
      throwFailure();
      const request = { ...upload, MultipartUpload: { Parts: parts }, IfNoneMatch: '*' };
      try {
        await client.send(new CompleteMultipartUploadCommand(request));
      } catch (error) {
        await throwUnlessOwn(client, object, size, error);
      }
    },
    async abort() {
      // A part that arrives after the abort would be kept, so wait for all of them first.
      await Promise.all(sending);
      // The bucket's lifecycle rule for unfinished uploads removes what is left.
      const abortSignal = AbortSignal.timeout(ABORT_TIMEOUT);
      await client.send(new AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    },
  };
}

/**
 * Throws the error of a write, unless it failed only because an earlier attempt, whose response was lost, had
 * created the object.
 */
export async function throwUnlessOwn(
  client: S3Client,
  object: S3Object,
  size: number,
  error: unknown,
): Promise<void> {
  const refusal = error instanceof S3ServiceException ? error.name : '';
  if (refusal !== 'PreconditionFailed' && refusal !== 'NoSuchUpload') throw error;
  const isRepeat = error instanceof S3ServiceException && (error.$metadata.attempts ?? 1) > 1;
  // Keys are unique per upload, so an object of this size found by a retry must be its own.
  const found = isRepeat && (await client.send(new HeadObjectCommand(object)).catch(undefinedUnlessOutage));
  if (found && found.ContentLength === size) return;
  throw refusal === 'PreconditionFailed' ? new Error(`the blob ${object.Key} already exists`) : error;
}

function undefinedUnlessOutage(error: unknown): undefined {
  if (error instanceof StoreUnavailable) throw error;
}
