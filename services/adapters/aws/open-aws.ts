import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Table } from '../../ports/table.ts';
import type { CloudfrontSettings } from './cloudfront-links.ts';
import { openQueues, type QueueUrls } from './open-queues.ts';
import { openS3, type S3Patience } from './open-s3.ts';
import { openTables } from './open-tables.ts';

/** Where the stores are. Region and credentials come from the environment unless they are given here. */
export interface AwsSettings {
  readonly tableName: string;
  readonly auditTableName: string;
  readonly bucket: string;
  readonly queueUrls: { readonly [name: string]: QueueUrls };
  readonly region?: string;
  /** Another address for all services, such as an emulator's. */
  readonly endpoint?: string;
  /** Another S3-compatible store. */
  readonly s3Endpoint?: string;
  /** The address at which clients of the registry reach that store, when it differs. */
  readonly s3LinkEndpoint?: string;
  /** Name the bucket in the path, for stores that have no host per bucket. */
  readonly s3PathStyle?: boolean;
  readonly s3Patience?: S3Patience;
  /** A distribution in front of the bucket: links lead there. */
  readonly cloudfront?: CloudfrontSettings | undefined;
}

/** The ports on AWS. */
export interface Aws {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** The queue of this name in the settings. */
  queue(name: string, options: QueueOptions): Queue;
  /** Closes idle connections. */
  close(): Promise<void>;
}

/** Opens the stores. Clients are made once and keep their connections. */
export function openAws(settings: AwsSettings): Aws {
  const { region, endpoint } = settings;
  const tables = openTables(settings);
  const store = openS3({
    bucket: settings.bucket,
    region,
    endpoint: settings.s3Endpoint ?? endpoint,
    linkEndpoint: settings.s3LinkEndpoint,
    pathStyle: settings.s3PathStyle,
    patience: settings.s3Patience,
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
