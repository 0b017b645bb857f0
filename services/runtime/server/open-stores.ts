import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudfrontSettings } from '../../adapters/aws/cloudfront-links.ts';
import { openBlobDirectory } from '../../adapters/embedded/open-blob-directory.ts';
import { type Embedded, openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import { layeredBlobStore } from '../../adapters/layered/layered-blob-store.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Table, TableReader } from '../../ports/table.ts';
import type { MigrationStores } from '../../registry/maintenance/migrate/copy-blob.ts';
import { cloudfrontOf } from './cloudfront-key.ts';
import type { JobQueues } from './job-queues.ts';
import type { Place } from './places.ts';
import { homeOf, type ServerSettings, SettingsError } from './settings.ts';

/** The tables of a server, and what comes with them. */
export interface OpenedRecords {
  readonly table: Table;
  readonly audit: Table;
  /** The files of the data directory, where the records are in it too. */
  readonly files?: BlobStore;
  /** Seals signing keys; undefined for tables without a sealing secret. */
  readonly seal?: Seal | undefined;
  /** Resolves, if ever, when the records can't be written any more and must be opened again. */
  readonly failed?: Promise<Error>;
  /** Queues of jobs: those of this machine, or on AWS those that the settings name, if any. */
  readonly queue?: (name: string, options: QueueOptions) => Queue;
  /** On AWS, where others bring events and schedules to the queues: the jobs whose queues are to be worked off here. */
  readonly consumes?: readonly string[];
  close(): Promise<void>;
}

/** The stores of a server, wherever they are. */
export interface OpenedStores extends Omit<OpenedRecords, 'files'> {
  readonly blobs: BlobStore;
  /** While blobs are being moved, the two stores that `blobs` is made of. */
  readonly migration?: MigrationStores;
}

/** How stores are opened. */
export interface OpenOptions {
  /** To be read only: nothing is made, cleaned up or removed, neither now nor later. */
  readonly asFound?: boolean;
  /** Is asked about the places of blobs, with the table, before they are opened. */
  readonly judge?: (table: TableReader) => Promise<void>;
}

/** What of the settings says where records are. */
export type RecordSettings = Pick<
  ServerSettings,
  'dataDir' | 'table' | 'auditTable' | 'region' | 'awsEndpoint' | 'jobQueues' | 'sealingSecret'
>;

/**
 * Opens what the settings name: the table in DynamoDB when `table` is set, the blobs in S3 (or a store like it) when
 * `bucket` is, and whatever is not named in the data directory. With `migrateFrom`, blobs are written to the one place
 * and read from both.
 */
export async function openStores(settings: ServerSettings, options: OpenOptions = {}): Promise<OpenedStores> {
  const { migrateFrom, region, s3LinkEndpoint } = settings;
  const links = { linkEndpoint: s3LinkEndpoint, cloudfront: await cloudfrontOf(settings) };
  const { asFound = false, judge } = options;
  const { files, ...records } = await openRecords(settings, { asFound });
  const opened: OpenedPlace[] = [];
  async function open(place: Place, context: PlaceContext): Promise<BlobStore> {
    const store = await openPlace(place, { files, region, existing: asFound, asFound, ...context });
    opened.push(store);
    return store.blobs;
  }
  async function close(): Promise<void> {
    for (const store of opened) store.close();
    await records.close();
  }
  try {
    await judge?.(records.table);
    const blobs = await open(homeOf(settings), links);
    if (!migrateFrom) return { ...records, blobs, close };
    const former = await open(migrateFrom, { existing: true });
    const migration = { from: former, to: blobs };
    return { ...records, blobs: layeredBlobStore(blobs, former), migration, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the tables. AWS code is loaded only where it is used: it would double the time a server takes to start. */
export async function openRecords(
  settings: RecordSettings,
  { asFound = false }: Pick<OpenOptions, 'asFound'> = {},
): Promise<OpenedRecords> {
  const { table, auditTable = '', region, awsEndpoint, sealingSecret, jobQueues } = settings;
  if (!table) {
    const { blobs: files, ...embedded }: Embedded = await openEmbedded(settings.dataDir, { asFound });
    return { ...embedded, files };
  }
  const { openTables } = await import('../../adapters/aws/open-tables.ts');
  const tables = openTables({ tableName: table, auditTableName: auditTable, region, endpoint: awsEndpoint });
  const there = { region, endpoint: awsEndpoint };
  const queues = jobQueues && !asFound ? await openJobQueues(jobQueues, there) : undefined;
  return {
    ...tables,
    ...(queues && { queue: queues.queue, consumes: Object.keys(jobQueues ?? {}) }),
    ...(sealingSecret !== undefined && { seal: await openSeal(sealingSecret, there) }),
    async close() {
      queues?.close();
      await tables.close();
    },
  };
}

type AwsAddress = { readonly region: string | undefined; readonly endpoint: string | undefined };

async function openJobQueues(queueUrls: JobQueues, there: AwsAddress) {
  const { openQueues } = await import('../../adapters/aws/open-queues.ts');
  return openQueues({ queueUrls, ...there });
}

async function openSeal(secret: string, there: AwsAddress) {
  const { secretSeal } = await import('../../adapters/aws/secret-seal.ts');
  return secretSeal(secret, there);
}

/** A blob store that was opened by its place. */
export interface OpenedPlace {
  readonly blobs: BlobStore;
  close(): void;
}

/** What a place may need to be opened. */
export interface PlaceContext {
  /** The files of the data directory. */
  readonly files?: BlobStore | undefined;
  /** The region of buckets that name none. */
  readonly region?: string | undefined;
  /** The address at which clients of the registry reach a bucket, when it differs. */
  readonly linkEndpoint?: string | undefined;
  /** A distribution in front of a bucket: links lead there. */
  readonly cloudfront?: CloudfrontSettings | undefined;
  /** Blobs are there already: a mistyped directory is not made. */
  readonly existing?: boolean;
  /** They are to be read only: see `OpenOptions`. */
  readonly asFound?: boolean;
}

/** Opens a place. */
export async function openPlace(place: Place, context: PlaceContext): Promise<OpenedPlace> {
  const { files, linkEndpoint, cloudfront, existing = false, asFound = false } = context;
  if (place.kind === 's3') {
    const { openS3 } = await import('../../adapters/aws/open-s3.ts');
    const opened = openS3({ ...place, linkEndpoint, cloudfront, region: place.region ?? context.region });
    await opened.region().catch((cause: unknown) => {
      const hint = `the bucket ${place.bucket} needs a region: give --region, or set AWS_REGION`;
      throw new SettingsError(hint, { cause });
    });
    return opened;
  }
  if (!files) throw new SettingsError('files of this machine belong to records in its data directory');
  const { directory } = place;
  if (directory === undefined) return { blobs: files, close() {} };
  if (existing && !existsSync(join(directory, 'blobs'))) {
    throw new SettingsError(`there are no blobs in ${directory}`);
  }
  return openBlobDirectory(directory, { asFound });
}
