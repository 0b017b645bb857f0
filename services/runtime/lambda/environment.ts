import type { RegistrySettings } from '../../registry/context.ts';

/** The configuration of a function, written by `lib/stacks/registry-environment.ts`. */
export interface LambdaEnvironment {
  readonly tableName: string;
  readonly auditTableName: string;
  readonly bucket: string;
  /** An S3 endpoint other than AWS's, for tests. */
  readonly s3Endpoint: string | undefined;
  /**
   * The CloudFront distribution in front of the bucket, the id of its public key, and the secret with the private
   * key.
   */
  readonly cloudfront: { readonly url: string; readonly keyId: string; readonly secret: string } | undefined;
  /** The secret with the key that seals signing keys, for functions that may sign. */
  readonly sealingSecret: string | undefined;
  /** Whether a separate service accepts uploads of any size. */
  readonly ingest: boolean;
  readonly settings: Pick<
    RegistrySettings,
    | 'url'
    | 'linkLifetime'
    | 'proxyDownload'
    | 'proxyBelow'
    | 'corsOrigins'
    | 'retention'
    | 'pathReservation'
    | 'untaggedRetention'
    | 'blobGrace'
  >;
}

const HOUR = 3_600_000;

/**
 * Reads the function's environment.
 * @throws Error when a variable is missing or invalid, so that the function fails at startup
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): LambdaEnvironment {
  const text = (name: string) => required(variables, name);
  const number = (name: string) => {
    const value = Number(text(name));
    if (!Number.isFinite(value)) throw new Error(`${name} must be a number, not ${text(name)}.`);
    return value;
  };
  return {
    tableName: text('PACKHOUSE_TABLE'),
    auditTableName: text('PACKHOUSE_AUDIT_TABLE'),
    bucket: text('PACKHOUSE_BUCKET'),
    s3Endpoint: variables.PACKHOUSE_S3_ENDPOINT,
    cloudfront: variables.PACKHOUSE_CLOUDFRONT_URL
      ? {
          url: variables.PACKHOUSE_CLOUDFRONT_URL,
          keyId: text('PACKHOUSE_CLOUDFRONT_KEY_ID'),
          secret: text('PACKHOUSE_CLOUDFRONT_KEY'),
        }
      : undefined,
    sealingSecret: variables.PACKHOUSE_SEALING_SECRET,
    ingest: variables.PACKHOUSE_INGEST === 'true',
    settings: {
      url: text('PACKHOUSE_URL').replace(/\/+$/, ''),
      linkLifetime: number('PACKHOUSE_LINK_LIFETIME'),
      proxyDownload: text('PACKHOUSE_PROXY_DOWNLOAD') === 'true',
      proxyBelow: number('PACKHOUSE_PROXY_BELOW'),
      corsOrigins: variables.PACKHOUSE_CORS_ORIGINS?.split(',') ?? [],
      retention: number('PACKHOUSE_RETENTION_DAYS') * 24 * HOUR,
      pathReservation: number('PACKHOUSE_PATH_RESERVATION_DAYS') * 24 * HOUR,
      untaggedRetention: number('PACKHOUSE_UNTAGGED_DAYS') * 24 * HOUR,
      blobGrace: number('PACKHOUSE_BLOB_GRACE_HOURS') * HOUR,
    },
  };
}

/**
 * The value of a required variable.
 * @throws Error when it is not set
 */
export function required(variables: NodeJS.ProcessEnv, name: string): string {
  const value = variables[name];
  if (!value) throw new Error(`The environment variable ${name} is not set.`);
  return value;
}
