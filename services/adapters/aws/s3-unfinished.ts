import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
  NoSuchUpload,
  paginateListParts,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Selects multipart uploads of keys that start with `prefix`, without a part since `before`. */
export interface UnfinishedOptions {
  readonly bucket: string;
  readonly prefix: string;
  /** Milliseconds since the epoch. */
  readonly before: number;
}

/** Aborts stalled uploads, including those of other processes, and returns how many. */
export async function dropUnfinished(client: S3Client, options: UnfinishedOptions): Promise<number> {
  const { bucket: Bucket, before } = options;
  let dropped = 0;
  for await (const { Key, UploadId, Initiated } of unfinished(client, options)) {
    const upload = { Bucket, Key, UploadId };
    if ((Initiated?.getTime() ?? 0) >= before) continue;
    try {
      if ((await lastPart(client, upload)) >= before) continue;
      await client.send(new AbortMultipartUploadCommand(upload));
      dropped++;
    } catch (error) {
      // It was completed or aborted in the meantime.
      if (!(error instanceof NoSuchUpload)) throw error;
    }
  }
  return dropped;
}

async function* unfinished(
  client: S3Client,
  { bucket: Bucket, prefix: Prefix }: UnfinishedOptions,
): AsyncGenerator<MultipartUpload> {
  let page: ListMultipartUploadsCommandOutput | undefined;
  do {
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page ?? {};
    page = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix, KeyMarker, UploadIdMarker }));
    yield* page.Uploads ?? [];
  } while (page.IsTruncated);
}

/** The time of the last part, in milliseconds since the epoch; 0 if no part was uploaded. */
async function lastPart(
  client: S3Client,
  upload: { Bucket: string; Key: string | undefined; UploadId: string | undefined },
): Promise<number> {
  let last = 0;
  for await (const { Parts = [] } of paginateListParts({ client }, upload)) {
    for (const { LastModified } of Parts) last = Math.max(last, LastModified?.getTime() ?? 0);
  }
  return last;
}
