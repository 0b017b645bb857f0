import type { S3Patience } from '../../adapters/aws/open-s3.ts';
import type { RegistrySettings } from '../../registry/context.ts';

/**
 * What a file may have to come through an HTTP API into a function. The event that a request is made into has at most
 * 6 MiB, where bytes that are no text, and tarballs in npm's documents, are base64: four characters for three bytes.
 * Larger events the gateway refuses itself, in its own words; what is just below that it still hands on.
 */
const MOST_BYTES = (6 * 1024 * 1024 * 3) / 4;

/** The limit of uploads on functions, and what to tell who sends more: with an ingest service, where to send it. */
export function functionBodyLimit({ ingest, url }: { readonly ingest: boolean; readonly url: string }) {
  const hint = ingest
    ? ` Larger files are taken at ${url}, not at the address of the API itself.`
    : ' This registry runs on functions alone, which take files of up to 4.5 MB: its operator can lift that with the stage setting `ingest`.';
  return { bytes: MOST_BYTES, hint } satisfies RegistrySettings['bodyLimit'];
}

/** A gateway waits for 30 seconds, and the client is to get an answer of ours by then. */
export const functionS3Patience: S3Patience = { silence: 6_000, attempts: 3 };
