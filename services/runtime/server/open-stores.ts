import { type Embedded, openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import { layeredBlobStore } from '../../adapters/layered/layered-blob-store.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Table } from '../../ports/table.ts';
import type { MigrationStores } from '../../registry/storage/copy-blob.ts';
import type { Place } from './places.ts';
import { homeOf, type ServerSettings, SettingsError } from './settings.ts';

/** The tables of a server, and what comes with them. */
export interface OpenedRecords {
  readonly table: Table;
  readonly audit: Table;
  /** The files of the data directory, where the records are in it too. */
  readonly files?: BlobStore;
  /** Queues of this machine; on AWS, where a pipe and functions do the jobs, there are none. */
  readonly queue?: (name: string, options: QueueOptions) => Queue;
  close(): Promise<void>;
}

/** The stores of a server, wherever they are. */
export interface OpenedStores extends Omit<OpenedRecords, 'files'> {
  readonly blobs: BlobStore;
  /** While blobs are being moved, the two stores that `blobs` is made of. */
  readonly migration?: MigrationStores;
}

/** What of the settings says where records are. */
export type RecordSettings = Pick<
  ServerSettings,
  'dataDir' | 'table' | 'auditTable' | 'region' | 'awsEndpoint'
>;

/**
 * Opens what the settings name: the table in DynamoDB when `table` is set, the blobs in S3 (or a store like it) when
 * `bucket` is, and whatever is not named in the data directory. With `migrateFrom`, blobs are written to the one place
 * and read from both.
 */
export async function openStores(settings: ServerSettings): Promise<OpenedStores> {
  const { files, ...records } = await openRecords(settings);
  const { migrateFrom, region } = settings;
  const home = await openPlace(homeOf(settings), { files });
  const former = migrateFrom && (await openPlace(migrateFrom, { files, region }));
  const migration = former && { from: former.blobs, to: home.blobs };
  return {
    ...records,
    blobs: former ? layeredBlobStore(home.blobs, former.blobs) : home.blobs,
    ...(migration && { migration }),
    async close() {
      home.close();
      former?.close();
      await records.close();
    },
  };
}

/** Opens the tables. AWS code is loaded only where it is used: it would double the time a server takes to start. */
export async function openRecords(settings: RecordSettings): Promise<OpenedRecords> {
  const { table, auditTable = '', region, awsEndpoint } = settings;
  if (!table) {
    const { blobs: files, ...embedded }: Embedded = await openEmbedded(settings.dataDir);
    return { ...embedded, files };
  }
  const { openTables } = await import('../../adapters/aws/open-tables.ts');
  return openTables({ tableName: table, auditTableName: auditTable, region, endpoint: awsEndpoint });
}

/** A blob store that was opened by its place. */
export interface OpenedPlace {
  readonly blobs: BlobStore;
  close(): void;
}

/** What a place may need to be opened: the files of the data directory, and the region of buckets that name none. */
export interface PlaceContext {
  readonly files?: BlobStore | undefined;
  readonly region?: string | undefined;
}

/** Opens a place. */
export async function openPlace(place: Place, { files, region }: PlaceContext): Promise<OpenedPlace> {
  if (place.kind === 'local') {
    if (!files) throw new SettingsError('local files belong to records in the data directory');
    return { blobs: files, close() {} };
  }
  const { openS3 } = await import('../../adapters/aws/open-s3.ts');
  return openS3({ ...place, region: place.region ?? region });
}
