import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Table } from '../../ports/table.ts';
import { dynamodbTable } from './dynamodb-table.ts';
import { s3BlobStore } from './s3-blob-store.ts';
import { sqsQueue } from './sqs-queue.ts';

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
}

/** A queue and its dead letters. */
export interface QueueUrls {
  readonly url: string;
  readonly deadLetterUrl: string;
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
  const common = { ...(settings.region !== undefined && { region: settings.region }), maxAttempts: 5 };
  const at = settings.endpoint === undefined ? {} : { endpoint: settings.endpoint };
  const tables = new DynamoDBClient({ ...common, ...at, requestHandler: handler({ requestTimeout: 5_000 }) });
  const queues = new SQSClient({ ...common, ...at, requestHandler: handler({ requestTimeout: 30_000 }) });
  const store = s3Client(settings, settings.s3Endpoint);
  const links = settings.s3LinkEndpoint === undefined ? store : s3Client(settings, settings.s3LinkEndpoint);
  return {
    table: dynamodbTable({ client: tables, tableName: settings.tableName }),
    audit: dynamodbTable({ client: tables, tableName: settings.auditTableName }),
    blobs: s3BlobStore({ client: store, linkClient: links, bucket: settings.bucket }),
    queue(name, options) {
      const urls = settings.queueUrls[name];
      if (urls === undefined) throw new Error(`no queue named ${name} is configured`);
      return sqsQueue({
        ...options,
        client: queues,
        queueUrl: urls.url,
        deadLetterUrl: urls.deadLetterUrl,
      });
    },
    async close() {
      for (const client of [tables, queues, store, links]) client.destroy();
    },
  };
}

/** An S3 client for this address; the requests it makes are plain enough for any S3-compatible store. */
function s3Client(settings: AwsSettings, s3Endpoint: string | undefined): S3Client {
  const endpoint = s3Endpoint ?? settings.endpoint;
  return new S3Client({
    ...(settings.region !== undefined && { region: settings.region }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: settings.s3PathStyle ?? false,
    maxAttempts: 5,
    // Bodies are signed with their SHA-256 and so checked by the store; more checksums only cost time.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK opens a new connection for every request that asks first.
    expectContinueHeader: false,
    requestHandler: handler({ socketTimeout: 120_000 }),
  });
}

/** Options of the SDK's HTTP handler; it keeps connections alive by itself. */
function handler(timeouts: { readonly requestTimeout?: number; readonly socketTimeout?: number }) {
  const agent = { maxSockets: 256 };
  return {
    connectionTimeout: 3_000,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
    ...timeouts,
  };
}
