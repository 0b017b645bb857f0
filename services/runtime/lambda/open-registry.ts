import { openAws } from '../../adapters/aws/open-aws.ts';
import type { Registry } from '../../registry/context.ts';
import { createRegistry } from '../compose.ts';
import { readEnvironment } from './environment.ts';
import { log } from './logging.ts';

/** What an HTTP API lets through to a function: an event of 6 MB, where a file in base64 takes a third more. */
const bodyLimit = {
  bytes: 6_291_456,
  hint: ' This registry runs on functions, which take files of up to about 4.5 MB: its operator can add the ingest service.',
};

/** What a function can send in one answer: 6 MB, of which base64 leaves three quarters. */
const PROXY_LIMIT = 4_500_000;

/** Opens the registry of this function, once, while it starts: later requests find connections and clients ready. */
export function openRegistry(rights: { readonly deletesBlobs: boolean } = { deletesBlobs: false }): Registry {
  const { tableName, auditTableName, bucket, s3Endpoint, cloudfront, settings } = readEnvironment();
  const stores = openAws({
    tableName,
    auditTableName,
    bucket,
    queueUrls: {},
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
  return createRegistry({ ...stores, log }, { ...settings, ...rights, bodyLimit, proxyLimit: PROXY_LIMIT });
}
