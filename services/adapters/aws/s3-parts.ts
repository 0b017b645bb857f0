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

/** How long a failed upload waits for its parts to be removed, in milliseconds: somebody waits for the answer. */
const ABORT_PATIENCE = 10_000;

/** Where an object lies. */
export interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

/** How a new object is encrypted, in the words of S3's requests; empty where the bucket decides. */
export interface Encryption {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
}

/** An upload in parts. Whoever starts one completes or aborts it. */
export interface PartUpload {
  /** Takes the next part; resolves once it is on its way. Throws when an earlier one failed. */
  send(bytes: Uint8Array): Promise<void>;
  /** Makes the object of the parts, if its key is still free. */
  complete(): Promise<void>;
  /** Removes the parts. */
  abort(): Promise<void>;
}

/** How the parts of an upload are sent. */
export interface PartOptions {
  /** Room for parts that are under way. */
  readonly inFlight: InFlight;
  readonly encryption: Encryption;
  /** Gets the memory of each part back that the store has taken. */
  readonly recycle: (bytes: Uint8Array) => void;
}

/** Starts an upload in parts. */
export async function startPartUpload(
  client: S3Client,
  place: Place,
  { inFlight, encryption, recycle }: PartOptions,
): Promise<PartUpload> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...place, ...encryption }));
  const upload = { ...place, UploadId };
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
        await throwUnlessOwn(client, place, size, error);
      }
    },
    async abort() {
      // A part that arrives after the abort would stay, so all come to their end first.
      await Promise.all(sending);
      // What cannot be removed now goes by the bucket's lifecycle rule for unfinished uploads.
      const abortSignal = AbortSignal.timeout(ABORT_PATIENCE);
      await client.send(new AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    },
  };
}

/**
 * Throws the error of a write, unless the write was refused only because an earlier attempt of it, whose answer was
 * lost, had made the object.
 */
export async function throwUnlessOwn(
  client: S3Client,
  place: Place,
  size: number,
  error: unknown,
): Promise<void> {
  const refusal = error instanceof S3ServiceException ? error.name : '';
  if (refusal !== 'PreconditionFailed' && refusal !== 'NoSuchUpload') throw error;
  const isRepeat = error instanceof S3ServiceException && (error.$metadata.attempts ?? 1) > 1;
  // Keys are made anew for every upload, so what a repeat finds there, of this size, can be nothing else.
  const found = isRepeat && (await client.send(new HeadObjectCommand(place)).catch(undefinedUnlessOutage));
  if (found && found.ContentLength === size) return;
  throw refusal === 'PreconditionFailed' ? new Error(`there is a blob ${place.Key} already`) : error;
}

function undefinedUnlessOutage(error: unknown): undefined {
  if (error instanceof StoreUnavailable) throw error;
}
