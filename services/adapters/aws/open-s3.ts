import { S3Client, type ServerSideEncryption } from '@aws-sdk/client-s3';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { CloudfrontSettings } from './cloudfront-links.ts';
import { type ConnectionOptions, connections } from './connections.ts';
import { tellOutages } from './outages.ts';
import { s3BlobStore } from './s3-blob-store.ts';
import { limitErrorBodies } from './s3-body.ts';
import { type Links, presignedLinks } from './s3-links.ts';

/** Where a blob store on S3 is. Region and credentials come from the environment unless they are given here. */
export interface S3Settings {
  readonly bucket: string;
  /** Put in front of every key; ends in `/`. */
  readonly prefix?: string | undefined;
  readonly region?: string | undefined;
  /** Another S3-compatible store. */
  readonly endpoint?: string | undefined;
  /** The address at which clients of the registry reach that store, when it differs. */
  readonly linkEndpoint?: string | undefined;
  /** A distribution in front of the bucket: links lead there. */
  readonly cloudfront?: CloudfrontSettings | undefined;
  /** Name the bucket in the path, for stores that have no host per bucket. */
  readonly pathStyle?: boolean | undefined;
  /** The profile of the AWS configuration files whose credentials are used. */
  readonly profile?: string | undefined;
  /** How new blobs are encrypted; left out, the bucket decides. */
  readonly encryption?: ServerSideEncryption | undefined;
  /** The KMS key for it, when it is not the one AWS keeps for S3. */
  readonly kmsKey?: string | undefined;
  /** How long to wait for a store that does nothing, and how often to ask; `defaultPatience` unless told. */
  readonly patience?: S3Patience | undefined;
}

/** How a store that does not do what it is asked for is borne with. */
export interface S3Patience {
  /** How long a connection may stand still in the middle of a request or an answer, in milliseconds. */
  readonly silence: number;
  /** How often a request is made before it has failed. Parts and small blobs are in memory, so they can be sent again. */
  readonly attempts: number;
}

/**
 * A store that stands still is given up after 90 seconds, with the pauses in between and the end of the upload after
 * some 100: CloudFront before the ingest service waits 120 for an answer, and other proxies not for much longer.
 */
const defaultPatience: S3Patience = { silence: 30_000, attempts: 3 };

/** An opened blob store on S3. `close` closes idle connections. */
export interface OpenedS3 {
  readonly blobs: BlobStore;
  /** The region its requests are signed for; fails where none was told. */
  region(): Promise<string>;
  close(): void;
}

/** Opens a bucket, or the part of it under a prefix. */
export function openS3(settings: S3Settings): OpenedS3 {
  const { bucket, prefix, endpoint, linkEndpoint, cloudfront, encryption, kmsKey } = settings;
  const { patience = defaultPatience } = settings;
  const { silence } = patience;
  const client = s3Client(settings, endpoint, patience, { socketTimeout: silence });
  // A body holds its connection for as long as its reader takes: with a limit, slow readers would stop all others.
  const lasting = { requestTimeout: silence, atOnce: Number.POSITIVE_INFINITY };
  const bodyClient = s3Client(settings, endpoint, patience, lasting);
  limitErrorBodies(bodyClient, silence);
  const linkClient = linkEndpoint === undefined ? client : s3Client(settings, linkEndpoint, patience, {});
  const options = {
    encryption: {
      ...(encryption && { ServerSideEncryption: encryption }),
      ...(kmsKey !== undefined && { SSEKMSKeyId: kmsKey }),
    },
    links: cloudfront ? lateLinks(cloudfront) : presignedLinks(linkClient, bucket),
    ...(prefix !== undefined && { prefix }),
  };
  return {
    blobs: s3BlobStore({ client, bodyClient, silence, bucket, ...options }),
    region: () => client.config.region(),
    close() {
      for (const each of [client, bodyClient, linkClient]) each.destroy();
    },
  };
}

/** Links whose signer is loaded with the first of them: most have no use for it. */
function lateLinks(cloudfront: CloudfrontSettings): Links {
  let links: Promise<Links> | undefined;
  return async (key, options) => {
    links ??= import('./cloudfront-links.ts').then(({ cloudfrontLinks }) => cloudfrontLinks(cloudfront));
    return (await links)(key, options);
  };
}

/** The region the SDK finds, or the one that stores other than AWS's take for theirs when nobody has told one. */
function regionFound(profile: string | undefined): () => Promise<string> {
  const client = new S3Client(profile === undefined ? {} : { profile });
  return () => client.config.region().catch(() => 'us-east-1');
}

/** An S3 client for this address; the requests it makes are plain enough for any S3-compatible store. */
function s3Client(
  settings: S3Settings,
  endpoint: string | undefined,
  patience: S3Patience,
  connecting: ConnectionOptions,
): S3Client {
  const { profile, pathStyle = false } = settings;
  const region = settings.region ?? (endpoint === undefined ? undefined : regionFound(profile));
  const client = new S3Client({
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: patience.attempts,
    // Bodies are signed with their SHA-256 and so checked by the store; more checksums only cost time.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK opens a new connection for every request that asks first.
    expectContinueHeader: false,
    requestHandler: connections(connecting),
  });
  tellOutages(client);
  return client;
}
