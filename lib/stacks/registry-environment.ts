import type { Stores } from '../constructs/stores.ts';
import type { StageSettings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';

/** Additional variables for functions that send downloads, if links point to a distribution. */
export function linkEnvironment(
  settings: StageSettings,
  { links }: DataStack,
): Readonly<Record<string, string>> {
  if (!links) return {};
  return {
    PACKHOUSE_CLOUDFRONT_URL: `https://${links.distribution.distributionDomainName}`,
    PACKHOUSE_CLOUDFRONT_KEY_ID: links.publicKey.publicKeyId,
    PACKHOUSE_CLOUDFRONT_KEY: settings.cloudfrontKeySecret ?? '',
  };
}

/** Additional variables for functions that sign. */
export function signingEnvironment({ sealingKey }: Stores): Readonly<Record<string, string>> {
  return { PACKHOUSE_SEALING_SECRET: sealingKey.secretArn };
}

/** Variables for every function and the ingest service, read by `services/runtime/lambda/environment.ts`. */
export function registryEnvironment(
  settings: StageSettings,
  stores: Stores,
  url: string,
): Readonly<Record<string, string>> {
  return {
    PACKHOUSE_URL: url,
    PACKHOUSE_TABLE: stores.registry.tableName,
    PACKHOUSE_AUDIT_TABLE: stores.audit.tableName,
    PACKHOUSE_BUCKET: stores.blobs.bucketName,
    PACKHOUSE_INGEST: String(settings.ingest),
    PACKHOUSE_LINK_LIFETIME: String(settings.linkLifetime),
    PACKHOUSE_PROXY_DOWNLOAD: String(settings.proxyDownload),
    PACKHOUSE_PROXY_BELOW: String(settings.proxyBelow),
    ...(settings.corsOrigins.length > 0 && { PACKHOUSE_CORS_ORIGINS: settings.corsOrigins.join(',') }),
    PACKHOUSE_RETENTION_DAYS: String(settings.retentionDays),
    PACKHOUSE_PATH_RESERVATION_DAYS: String(settings.pathReservationDays),
    PACKHOUSE_UNTAGGED_DAYS: String(settings.untaggedDays),
    PACKHOUSE_BLOB_GRACE_HOURS: String(settings.blobGraceHours),
  };
}
