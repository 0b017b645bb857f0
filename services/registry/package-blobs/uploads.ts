/**
 * Uploads in parts. Each request of an upload streams one part into the blob store, with its digest. A single part, which
 * is what most clients send, becomes the content as it is. Several are joined when the upload is finished, which also
 * computes the digest of the whole: no state of a hash is kept between requests, so any process can go on with an upload.
 */
import { randomBytes } from 'node:crypto';
import type { Project } from '../../domain/accounts.ts';
import { algorithmOfDigest, type ContentAlgorithm, type ContentDigest } from '../../domain/digests.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageBlob, PackageRef, StagedBytes } from '../../domain/packages.ts';
import { ConditionFailed, type Value } from '../../ports/table.ts';
import { discard, discardUnless, stageContent } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf, maybeEntity, type StoredUpload } from '../records/entities.ts';
import { indexes, inIndex2, keys } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { hasDigest, holdBlob } from './hold-blob.ts';
import { type ContentLimit, WrongDigest } from './store-blob.ts';

/** The most parts of an upload, so that its record has room for them. */
const MAX_PARTS = 1000;

/** How long an upload may take, in milliseconds. Its parts must not look like orphaned blobs before. */
const LIFETIME = 24 * 60 * 60 * 1000;

/** An upload in parts that has not ended. */
export type UploadSession = StoredUpload;

/** A part of an upload does not begin where the upload has got to, or another part was faster. */
export class OutOfOrder extends RegistryError {
  /** The number of bytes that the upload has. */
  readonly size: number;
  constructor(size: number) {
    super('conflict', `The next byte of the upload is byte ${size}`);
    this.size = size;
  }
}

/** Another request has ended the upload. */
export class UploadEnded extends RegistryError {
  constructor() {
    super('fileNotFound', 'The upload has ended or never began');
  }
}

/** Starts an upload to a package. */
export async function startUpload(
  registry: Registry,
  ref: PackageRef,
  { algorithm = 'sha256' }: { readonly algorithm?: ContentAlgorithm } = {},
): Promise<UploadSession> {
  const now = registry.clock.now();
  const upload: UploadSession = {
    id: randomBytes(24).toString('base64url'),
    ...{ projectId: ref.projectId, format: ref.format, name: ref.name },
    ...{ algorithm, size: 0, parts: [], startedAt: now },
    endsAt: now + Math.min(LIFETIME, registry.settings.blobGrace),
  };
  await registry.table.write([{ put: uploadItem(upload), when: { exists: false } }]);
  return upload;
}

function uploadItem(upload: UploadSession) {
  const at = `${new Date(upload.endsAt).toISOString()}#${upload.id}`;
  return itemOf(keys.upload(upload.id), upload, inIndex2(indexes.uploads.pk, at));
}

/** The upload with this id, if it belongs to the package and has not ended. */
export async function findUpload(
  registry: Registry,
  ref: PackageRef,
  id: string,
): Promise<UploadSession | undefined> {
  if (!/^[\w-]{32}$/.test(id)) return undefined;
  const upload = maybeEntity<StoredUpload>(await registry.table.get(keys.upload(id)));
  if (!upload || upload.endsAt <= registry.clock.now()) return undefined;
  const isOwn =
    upload.projectId === ref.projectId && upload.format === ref.format && upload.name === ref.name;
  return isOwn ? upload : undefined;
}

/** A part to append. */
export interface UploadPart {
  readonly limit: ContentLimit;
  /** Where the part begins and its size, in bytes, as its client says; absent if it is what comes next. */
  readonly range?: { readonly start: number; readonly size: number } | undefined;
}

/**
 * Appends a part. If its transfer breaks off, or another part was faster, nothing of it is kept.
 * @throws OutOfOrder
 * @throws RegistryError `bodyTooLarge`
 */
export async function appendToUpload(
  registry: Registry,
  upload: UploadSession,
  body: AsyncIterable<Uint8Array>,
  { limit, range }: UploadPart,
): Promise<UploadSession> {
  if (range && range.start !== upload.size) throw new OutOfOrder(upload.size);
  if (upload.parts.length >= MAX_PARTS) {
    throw new RegistryError('invalidRequest', `An upload has at most ${MAX_PARTS} parts; send larger ones`);
  }
  const part = await stageContent(registry, body, {
    limit: limit.bytes - upload.size,
    hint: limit.hint,
    algorithm: upload.algorithm,
  });
  if (part.size === 0 || (range && range.size !== part.size)) {
    await discard(registry, [part]);
    if (range) throw new OutOfOrder(upload.size);
    return upload;
  }
  return discardUnless(registry, [part], async () => {
    const { storageKey, size, digests } = part;
    const parts = [...upload.parts, { storageKey, size, digests }];
    const longer = { ...upload, parts, size: upload.size + size };
    try {
      await registry.table.write([
        {
          update: keys.upload(upload.id),
          set: { parts: parts as unknown as Value, size: longer.size },
          when: { exists: true, equals: { size: upload.size } },
        },
      ]);
    } catch (error) {
      throw error instanceof ConditionFailed ? new OutOfOrder(await sizeNow(registry, upload)) : error;
    }
    return longer;
  });
}

async function sizeNow(registry: Registry, { id, size }: UploadSession): Promise<number> {
  return maybeEntity<StoredUpload>(await registry.table.get(keys.upload(id)))?.size ?? size;
}

/** How to finish an upload. */
export interface UploadEnd extends UploadPart {
  readonly project: Project;
  readonly digest: ContentDigest;
  /** The last part, which may be empty. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Ends an upload: the package then holds its bytes.
 * @throws OutOfOrder
 * @throws UploadEnded
 * @throws WrongDigest, and then the upload has ended and nothing is left of it
 */
export async function finishUpload(
  registry: Registry,
  upload: UploadSession,
  { project, digest, body, ...part }: UploadEnd,
): Promise<PackageBlob> {
  const whole = await appendToUpload(
    registry,
    { ...upload, algorithm: algorithmOf(upload, digest) },
    body,
    part,
  );
  const staged = await wholeOf(registry, whole, digest);
  if (!hasDigest(staged, digest)) {
    const algorithm = algorithmOfDigest(digest);
    await discard(registry, whole.parts.includes(staged) ? [] : [staged]);
    await cancelUpload(registry, whole);
    throw new WrongDigest(digest, `${algorithm}:${staged.digests[algorithm]}`);
  }
  const ref: PackageRef = { projectId: upload.projectId, format: upload.format, name: upload.name };
  const ended = { delete: keys.upload(upload.id), when: { exists: true, equals: { size: whole.size } } };
  let attempts = 0;
  const held = await discardUnless(registry, whole.parts.includes(staged) ? [] : [staged], () =>
    holdBlob(registry, { project, ref }, { ...staged, digest }, async () => {
      if (attempts++ > 0 && !(await findUpload(registry, ref, upload.id))) throw new UploadEnded();
      return [ended];
    }),
  );
  await discard(
    registry,
    whole.parts.filter(({ storageKey }) => storageKey !== held.storageKey),
  );
  return held;
}

/** The algorithm for a last part that may be the only one. */
function algorithmOf({ algorithm, parts }: UploadSession, digest: ContentDigest): ContentAlgorithm {
  return parts.length === 0 ? algorithmOfDigest(digest) : algorithm;
}

/** All parts as one blob, with the digest to check. */
async function wholeOf(
  registry: Registry,
  { parts, size }: UploadSession,
  digest: ContentDigest,
): Promise<StagedBytes> {
  const [only, ...others] = parts;
  if (only && others.length === 0 && only.digests[algorithmOfDigest(digest)] !== undefined) return only;
  return stageContent(registry, joined(registry, parts), {
    limit: size,
    algorithm: algorithmOfDigest(digest),
  });
}

async function* joined(registry: Registry, parts: readonly StagedBytes[]): AsyncGenerator<Uint8Array> {
  for (const { storageKey, size } of parts) {
    const content = await registry.blobs.get(storageKey);
    if (content?.size !== size) throw new RegistryError('storageUnavailable');
    yield* content.body;
  }
}

/** Ends an upload without keeping anything. */
export async function cancelUpload(registry: Registry, upload: UploadSession): Promise<void> {
  try {
    const when = { exists: true, equals: { size: upload.size } };
    await registry.table.write([{ delete: keys.upload(upload.id), when }]);
  } catch (error) {
    // Another request has gone on with it, or has ended it.
    if (error instanceof ConditionFailed) return;
    throw error;
  }
  await discard(registry, upload.parts);
}

/** Deletes uploads that have ended without being finished, until `signal` aborts. */
export async function expireUploads(registry: Registry, signal?: AbortSignal): Promise<void> {
  const end = new Date(registry.clock.now()).toISOString();
  for await (const items of queryPages(registry.table, { ...indexes.uploads, limit: 100 })) {
    for (const item of items) {
      if (signal?.aborted || String(item.index2sk) >= end) return;
      await cancelUpload(registry, entityOf<StoredUpload>(item));
    }
  }
}
