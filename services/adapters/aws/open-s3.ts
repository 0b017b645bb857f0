import { S3Client, type ServerSideEncryption } from '@aws-sdk/client-s3';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { CloudfrontSettings } from './cloudfront-links.ts';
import { type ConnectionOptions, connections } from './connections.ts';
import { mapOutages } from './outages.ts';
import { s3BlobStore } from './s3-blob-store.ts';
import { limitErrorBodies } from './s3-body.ts';
import { type Links, presignedLinks } from './s3-links.ts';

/** The configuration of a blob store on S3. Region and credentials default to those of the environment. */
export interface S3Settings {
  readonly bucket: string;
  /** The prefix of every key; ends in `/`. */
  readonly prefix?: string | undefined;
  readonly region?: string | undefined;
  /** The endpoint of a compatible store. */
  readonly endpoint?: string | undefined;
  /** The endpoint at which clients of the registry reach that store, if it differs. */
  readonly linkEndpoint?: string | undefined;
  /** The CloudFront distribution in front of the bucket, to which links point. */
  readonly cloudfront?: CloudfrontSettings | undefined;
  /** Use path-style URLs, for stores without a host per bucket. */
  readonly pathStyle?: boolean | undefined;
  /** The profile of the AWS configuration files whose credentials are used. */
  readonly profile?: string | undefined;
  /** The encryption of new blobs. Defaults to that of the bucket. */
  readonly encryption?: ServerSideEncryption | undefined;
  /** The KMS key, if it is not the AWS managed key for S3. */
  readonly kmsKey?: string | undefined;
  /** Defaults to `defaultTimeouts`. */
  readonly timeouts?: S3Timeouts | undefined;
}

/** When to give up on a slow or failing store. */
export interface S3Timeouts {
  /** How long a connection may stall during a request or response, in milliseconds. */
  readonly idleTimeout: number;
  /** The maximum number of attempts. Parts and small blobs are in memory, so they can be sent again. */
  readonly attempts: number;
}

/**
 * A stalled store fails after 90 seconds, or about 100 with the pauses in between and the end of the upload:
 * CloudFront waits 120 seconds for the ingest service's response, and other proxies not much longer.
 */
const defaultTimeouts: S3Timeouts = { idleTimeout: 30_000, attempts: 3 };

/** An opened blob store on S3. `close` closes idle connections. */
export interface OpenedS3 {
  readonly blobs: BlobStore;
  /** The region for which requests are signed. Rejects if it is not configured anywhere. */
  region(): Promise<string>;
  close(): void;
}

/** Opens a bucket, or the part of it under a prefix. */
export function openS3(settings: S3Settings): OpenedS3 {
  const { bucket, prefix, endpoint, linkEndpoint, cloudfront, encryption, kmsKey } = settings;
  const { timeouts = defaultTimeouts } = settings;
  const { idleTimeout } = timeouts;
  const client = s3Client(settings, endpoint, timeouts, { socketTimeout: idleTimeout });
  // A body keeps its connection for as long as its reader takes: with a limit, slow readers would block all
  // others.
  const bodyConnections = { requestTimeout: idleTimeout, maxConnections: Number.POSITIVE_INFINITY };
  const bodyClient = s3Client(settings, endpoint, timeouts, bodyConnections);
  limitErrorBodies(bodyClient, idleTimeout);
  const linkClient = linkEndpoint === undefined ? client : s3Client(settings, linkEndpoint, timeouts, {});
  const options = {
    encryption: {
      ...(encryption && { ServerSideEncryption: encryption }),
      ...(kmsKey !== undefined && { SSEKMSKeyId: kmsKey }),
    },
    links: cloudfront ? lazyCloudfrontLinks(cloudfront) : presignedLinks(linkClient, bucket),
    ...(prefix !== undefined && { prefix }),
  };
  return {
    blobs: s3BlobStore({ client, bodyClient, idleTimeout, bucket, ...options }),
    region: () => client.config.region(),
    close() {
      for (const each of [client, bodyClient, linkClient]) each.destroy();
    },
  };
}

/** Loads the CloudFront signer with the first link, since most processes never make one. */
function lazyCloudfrontLinks(cloudfront: CloudfrontSettings): Links {
  let links: Promise<Links> | undefined;
  return async (key, options) => {
    links ??= import('./cloudfront-links.ts').then(({ cloudfrontLinks }) => cloudfrontLinks(cloudfront));
    return (await links)(key, options);
  };
}

/** The region found by the SDK, or else the default that compatible stores accept. */
function detectRegion(profile: string | undefined): () => Promise<string> {
  const client = new S3Client(profile === undefined ? {} : { profile });
  return () => client.config.region().catch(() => 'us-east-1');
}

/** Creates an S3 client for an endpoint. It uses only features that any compatible store supports. */
function s3Client(
  settings: S3Settings,
  endpoint: string | undefined,
  timeouts: S3Timeouts,
  connecting: ConnectionOptions,
): S3Client {
  const { profile, pathStyle = false } = settings;
  const region = settings.region ?? (endpoint === undefined ? undefined : detectRegion(profile));
  const client = new S3Client({
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: timeouts.attempts,
    // Bodies are signed with their SHA-256, which the store verifies; further checksums only cost time.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK opens a new connection for every request with `Expect: 100-continue`.
    expectContinueHeader: false,
    requestHandler: connections(connecting),
  });
  mapOutages(client);
  return client;
}
