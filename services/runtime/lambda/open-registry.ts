import { openAws } from '../../adapters/aws/open-aws.ts';
import type { Registry } from '../../registry/context.ts';
import { createRegistry } from '../compose.ts';
import { readEnvironment } from './environment.ts';
import { functionBodyLimit, functionS3Patience } from './function-limits.ts';
import { log } from './logging.ts';

/** What a function can send in one answer: 6 MB, of which base64 leaves three quarters. */
const PROXY_LIMIT = 4_500_000;

/** Opens the registry of this function, once, while it starts: later requests find connections and clients ready. */
export function openRegistry(rights: { readonly deletesBlobs: boolean } = { deletesBlobs: false }): Registry {
  const { tableName, auditTableName, bucket, s3Endpoint, cloudfront, ingest, settings } = readEnvironment();
  const stores = openAws({
    tableName,
    auditTableName,
    bucket,
    queueUrls: {},
    s3Patience: functionS3Patience,
    ...(s3Endpoint ? { s3Endpoint, s3PathStyle: true } : {}),
    cloudfront: cloudfront && {
      ...cloudfront,
      // Loaded with the first link: most functions are there for other things.
      async privateKey() {
        const { readSecret } = await import('../../adapters/aws/read-secret.ts');
        return readSecret(cloudfront.secret);
      },
    },
  });
  const bodyLimit = functionBodyLimit({ ingest, url: settings.url });
  return createRegistry({ ...stores, log }, { ...settings, ...rights, bodyLimit, proxyLimit: PROXY_LIMIT });
}
