import { createHash } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type InFlight, inFlightUpTo } from './in-flight.ts';
import {
  type Encryption,
  type PartUpload,
  type S3Object,
  startPartUpload,
  throwUnlessOwn,
} from './s3-parts.ts';

const MB = 1024 * 1024;

/** Bodies below this size are a single request; larger ones are sent in parts, initially of this size. */
const FIRST_PART = 6 * MB;

/** Part sizes double after this many parts, so that 5 TB fit into the 10,000 parts S3 allows. */
const PARTS_PER_SIZE = 1_000;

/** The maximum bytes in flight, for all uploads of a store. */
const IN_FLIGHT = 4 * FIRST_PART;

/** Creates the limit of bytes in flight for a store. */
export function roomForParts(): InFlight {
  return inFlightUpTo(IN_FLIGHT);
}

/** How bodies are stored. */
export interface PutOptions {
  /** Limits the bytes in flight, for all uploads of a store. */
  readonly inFlight: InFlight;
  readonly encryption: Encryption;
}

/**
 * Stores a body of unknown length under a free key and returns its size. Up to 6 GB, it buffers one part (6 MB) in
 * addition to those in flight, and reuses the memory of sent parts. Leaves nothing behind if the body or the store
 * fails.
 */
export async function s3Put(
  client: S3Client,
  object: S3Object,
  body: AsyncIterable<Uint8Array>,
  { inFlight, encryption }: PutOptions,
): Promise<{ readonly size: number }> {
  let size = 0;
  let upload: PartUpload | undefined;
  const memory = partMemory();
  try {
    for await (const part of inParts(body, memory)) {
      size += part.byteLength;
      if (upload === undefined && size < FIRST_PART)
        await putWhole(client, { ...object, ...encryption }, part);
      else {
        upload ??= await startPartUpload(client, object, { inFlight, encryption, recycle: memory.recycle });
        await upload.send(part);
      }
    }
    await upload?.complete();
    return { size };
  } catch (error) {
    await upload?.abort();
    throw error;
  }
}

async function putWhole(client: S3Client, target: S3Object & Encryption, bytes: Uint8Array): Promise<void> {
  const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
  try {
    await client.send(new PutObjectCommand({ ...target, Body: bytes, ChecksumSHA256, IfNoneMatch: '*' }));
  } catch (error) {
    const { Bucket, Key } = target;
    await throwUnlessOwn(client, { Bucket, Key }, bytes.byteLength, error);
  }
}

/** Splits the body into parts of the sizes above. All but the last are full; an empty body is one empty part. */
async function* inParts(body: AsyncIterable<Uint8Array>, memory: PartMemory): AsyncGenerator<Uint8Array> {
  let number = 0;
  let part = newPart(partSize(number), memory);
  for await (const chunk of body) {
    for (let rest = chunk; rest.byteLength > 0; ) {
      rest = part.add(rest);
      if (!part.isFull()) continue;
      yield part.bytes();
      part = newPart(partSize(++number), memory);
    }
  }
  if (number === 0 || part.bytes().byteLength > 0) yield part.bytes();
}

function partSize(number: number): number {
  return FIRST_PART * 2 ** Math.floor(number / PARTS_PER_SIZE);
}

/** Collects copies of chunks (their owner may reuse them) in memory that grows as needed, up to `size`. */
function newPart(size: number, memory: PartMemory) {
  let room = memory.take(size) ?? Buffer.allocUnsafeSlow(64 * 1024);
  let used = 0;
  return {
    /** Adds as much as fits and returns the rest. */
    add(chunk: Uint8Array): Uint8Array {
      const taken = chunk.subarray(0, size - used);
      if (used + taken.byteLength > room.byteLength) {
        const grown = Buffer.allocUnsafeSlow(Math.min(size, 2 * (used + taken.byteLength)));
        grown.set(room.subarray(0, used));
        room = grown;
      }
      room.set(taken, used);
      used += taken.byteLength;
      return chunk.subarray(taken.byteLength);
    },
    isFull: () => used === size,
    bytes: (): Uint8Array => room.subarray(0, used),
  };
}

/** Recycles the memory of sent parts of one upload. Garbage collection would be too slow. */
interface PartMemory {
  /** Memory of this size, if available. */
  take(size: number): Buffer | undefined;
  recycle(part: Uint8Array): void;
}

function partMemory(): PartMemory {
  const spare: Buffer[] = [];
  return {
    take(size) {
      const room = spare.pop();
      return room?.byteLength === size ? room : undefined;
    },
    recycle: ({ buffer }) => spare.push(Buffer.from(buffer)),
  };
}
