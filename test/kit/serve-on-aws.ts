import { openAws } from '../../services/adapters/aws/open-aws.ts';
import type { S3Timeouts } from '../../services/adapters/aws/open-s3.ts';
import { managementApi } from '../../services/api/app.ts';
import type { App } from '../../services/http/call.ts';
import { ensureRoot } from '../../services/registry/accounts/ensure-root.ts';
import type { Registry, RegistrySettings } from '../../services/registry/context.ts';
import { createApp, createRegistry } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { listen } from '../../services/runtime/server/node-server.ts';
import type { RegistryAddress } from './accounts.ts';
import type { AwsResources } from './aws-resources.ts';

/** A registry on the Node server in this process, with its records in DynamoDB and its bytes in S3. */
export interface ServedOnAws extends RegistryAddress {
  readonly registry: Registry;
  readonly bucket: string;
  /** What it logged as errors. */
  readonly errors: readonly { readonly message: string; readonly error?: unknown }[];
  stop(): Promise<void>;
}

/** Options of `serveOnAws`. */
export interface ServeOnAwsOptions {
  readonly resources: AwsResources;
  /** The address of the emulated AWS, and that of its S3 if it differs. */
  readonly endpoint: string;
  readonly s3Endpoint?: string;
  readonly timeouts?: S3Timeouts;
  readonly settings?: Partial<RegistrySettings>;
}

/** Serves a registry over new tables and a new bucket. */
export async function serveOnAws(options: ServeOnAwsOptions): Promise<ServedOnAws> {
  const { resources, endpoint, s3Endpoint = endpoint, timeouts, settings } = options;
  const bucket = await resources.bucket();
  const stores = openAws({
    tableName: await resources.table(),
    auditTableName: await resources.table(),
    bucket,
    queueUrls: {},
    endpoint,
    s3Endpoint,
    s3PathStyle: true,
    ...(timeouts && { s3Timeouts: timeouts }),
  });
  const errors: { message: string }[] = [];
  const log = {
    debug() {},
    info() {},
    error: (message: string, fields: object = {}) => void errors.push({ message, ...fields }),
  };
  let app: App = async () => new Response(null, { status: 503 });
  const listening = await listen((request, host) => app(request, host), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listening.port}`;
  const registry = createRegistry({ ...stores, log }, { url, ...settings });
  const rootToken = 'the-root-token-of-the-tests';
  await ensureRoot(registry, rootToken);
  app = createApp(registry, { formats: allFormats, api: managementApi });
  return {
    url,
    rootToken,
    registry,
    bucket,
    errors,
    async stop() {
      await listening.stop();
      await stores.close();
    },
  };
}
