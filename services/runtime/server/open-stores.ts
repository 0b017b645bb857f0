import { openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Table } from '../../ports/table.ts';
import type { ServerSettings } from './settings.ts';

/** The stores of a server, wherever they are. */
export interface OpenedStores {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** Queues of this machine; on AWS, where a pipe and functions do the jobs, there are none. */
  readonly queue?: (name: string, options: QueueOptions) => Queue;
  close(): Promise<void>;
}

/**
 * Opens what the settings name: the table in DynamoDB when `table` is set, the blobs in S3 (or a store like it) when
 * `bucket` is, and whatever is not named in the data directory.
 */
export async function openStores(settings: ServerSettings): Promise<OpenedStores> {
  const remote = settings.bucket ? await openRemote(settings, settings.bucket) : undefined;
  if (remote && settings.table) return { ...remote, close: async () => remote.close() };
  const local = await openEmbedded(settings.dataDir);
  if (!remote) return local;
  return {
    ...local,
    blobs: remote.blobs,
    close: async () => {
      remote.close();
      await local.close();
    },
  };
}

/** AWS code is loaded only where it is used: it would double the time a server takes to start. */
async function openRemote(settings: ServerSettings, bucket: string) {
  const { openAws } = await import('../../adapters/aws/open-aws.ts');
  const { table = '', auditTable = '', region, awsEndpoint, s3Endpoint, s3PathStyle } = settings;
  const { queue: _none, ...stores } = openAws({
    tableName: table,
    auditTableName: auditTable,
    bucket,
    queueUrls: {},
    s3PathStyle,
    ...(region && { region }),
    ...(awsEndpoint && { endpoint: awsEndpoint }),
    ...(s3Endpoint && { s3Endpoint }),
  });
  return stores;
}
