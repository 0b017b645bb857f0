import type { S3Timeouts } from '../../adapters/aws/open-s3.ts';
import type { RegistrySettings } from '../../registry/context.ts';

/**
 * The largest file, in bytes, that can pass through an HTTP API into a function. The event may have up to 6 MiB,
 * and binary data, like the tarballs in npm's documents, is base64 in it: four characters for three bytes. The
 * gateway rejects larger events with its own message, and passes on those just below the limit.
 */
const MAX_FILE_BYTES = (6 * 1024 * 1024 * 3) / 4;

/**
 * The upload limit of functions, with a hint for those who exceed it: with an ingest service, where to upload
 * instead.
 */
export function functionBodyLimit({ ingest, url }: { readonly ingest: boolean; readonly url: string }) {
  const hint = ingest
    ? ` Upload larger files to ${url}, not to the address of the API itself.`
    : ' This registry runs on Lambda functions only, which accept files of up to 4.5 MB: its operator can raise the limit with the stage setting `ingest`.';
  return { bytes: MAX_FILE_BYTES, hint } satisfies RegistrySettings['bodyLimit'];
}

/** Chosen so that the client gets our response before the gateway times out after 30 seconds. */
export const functionS3Timeouts: S3Timeouts = { idleTimeout: 6_000, attempts: 3 };
