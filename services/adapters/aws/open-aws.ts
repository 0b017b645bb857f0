import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Table } from '../../ports/table.ts';
import type { CloudfrontSettings } from './cloudfront-links.ts';
import { openQueues, type QueueUrls } from './open-queues.ts';
import { openS3, type S3Timeouts } from './open-s3.ts';
import { openTables } from './open-tables.ts';

/** The configuration of the stores. Region and credentials default to those of the environment. */
export interface AwsSettings {
  readonly tableName: string;
  readonly auditTableName: string;
  readonly bucket: string;
  readonly queueUrls: { readonly [name: string]: QueueUrls };
  readonly region?: string;
  /** Overrides the endpoint of all services, for example for an emulator. */
  readonly endpoint?: string;
  /** Overrides the endpoint of S3, for a compatible store. */
  readonly s3Endpoint?: string;
  /** The endpoint at which clients of the registry reach that store, if it differs. */
  readonly s3LinkEndpoint?: string;
  /** Use path-style URLs, for stores without a host per bucket. */
  readonly s3PathStyle?: boolean;
  readonly s3Timeouts?: S3Timeouts;
  /** The CloudFront distribution in front of the bucket, to which links point. */
  readonly cloudfront?: CloudfrontSettings | undefined;
}

/** The ports on AWS. */
export interface Aws {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** Opens the queue configured under this name. */
  queue(name: string, options: QueueOptions): Queue;
  /** Closes idle connections. */
  close(): Promise<void>;
}

/** Opens the stores. Their clients are created once and keep connections alive. */
export function openAws(settings: AwsSettings): Aws {
  const { region, endpoint } = settings;
  const tables = openTables(settings);
  const store = openS3({
    bucket: settings.bucket,
    region,
    endpoint: settings.s3Endpoint ?? endpoint,
    linkEndpoint: settings.s3LinkEndpoint,
    pathStyle: settings.s3PathStyle,
    timeouts: settings.s3Timeouts,
    cloudfront: settings.cloudfront,
  });
  const queues = openQueues(settings);
  return {
    table: tables.table,
    audit: tables.audit,
    blobs: store.blobs,
    queue: queues.queue,
    async close() {
      queues.close();
      store.close();
      await tables.close();
    },
  };
}
