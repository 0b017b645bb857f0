import { openAws } from '../../adapters/aws/open-aws.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import { JOB_ATTEMPTS } from '../../job-list.ts';
import type { Queue } from '../../ports/queue.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Registry } from '../../registry/context.ts';
import { createRegistry } from '../compose.ts';
import { loggingCounter, loggingTokenUses } from '../download-log.ts';
import { type LambdaEnvironment, readEnvironment } from './environment.ts';
import { functionBodyLimit, functionS3Timeouts } from './function-limits.ts';
import { log, logStart } from './logging.ts';

/** The largest response of a function, in bytes: 6 MB, of which base64 leaves three quarters. */
const PROXY_LIMIT = 4_500_000;

/**
 * Opens the registry of this function once, at startup, so that requests find connections and clients ready. `formats`
 * loads the formats whose packages it changes.
 */
export function openRegistry(formats: FunctionOptions['formats']): Registry {
  return openFunction({ deletesBlobs: false, formats }).registry;
}

/**
 * The options of a job's function: whether it may delete blobs, its queue, and how to load the formats it needs.
 */
export interface FunctionOptions {
  readonly deletesBlobs: boolean;
  readonly formats: () => Promise<readonly FormatRules[]>;
  readonly queueUrl?: string;
}

/** Opens the registry of this function, and the queue of its job for sending. */
export function openFunction({ deletesBlobs, queueUrl = '', formats }: FunctionOptions): {
  readonly registry: Registry;
  readonly queue: Pick<Queue, 'send'>;
} {
  const environment = readEnvironment();
  const { tableName, auditTableName, bucket, s3Endpoint, cloudfront, ingest, settings } = environment;
  const stores = openAws({
    tableName,
    auditTableName,
    bucket,
    queueUrls: { job: { url: queueUrl, deadLetterUrl: '' } },
    s3Timeouts: functionS3Timeouts,
    ...(s3Endpoint ? { s3Endpoint, s3PathStyle: true } : {}),
    cloudfront: cloudfront && {
      ...cloudfront,
      // Loaded with the first link, since most functions never make one.
      async privateKey() {
        const { readSecret } = await import('../../adapters/aws/read-secret.ts');
        return readSecret(cloudfront.secret);
      },
    },
  });
  logStart();
  const bodyLimit = functionBodyLimit({ ingest, url: settings.url });
  return {
    registry: createRegistry(
      {
        ...stores,
        log,
        downloads: loggingCounter(log),
        tokenUses: loggingTokenUses(log),
        formats,
        seal: sealOf(environment),
      },
      { ...settings, deletesBlobs, bodyLimit, proxyLimit: PROXY_LIMIT },
    ),
    // Lambda itself receives and retries messages.
    queue: stores.queue('job', { retryAfter: 0, maxAttempts: JOB_ATTEMPTS }),
  };
}

/** Seals signing keys if the function may sign. The code is loaded on first use. */
function sealOf({ sealingSecret }: LambdaEnvironment): Seal | undefined {
  if (sealingSecret === undefined) return undefined;
  let seal: Promise<Seal> | undefined;
  const load = () => {
    seal ??= import('../../adapters/aws/secret-seal.ts').then(({ secretSeal }) => secretSeal(sealingSecret));
    return seal;
  };
  return {
    seal: async (secret, context) => (await load()).seal(secret, context),
    open: async (sealed, context) => (await load()).open(sealed, context),
  };
}
