import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudfrontSettings } from '../../adapters/aws/cloudfront-links.ts';
import { openBlobDirectory } from '../../adapters/embedded/open-blob-directory.ts';
import { type Embedded, openEmbedded } from '../../adapters/embedded/open-embedded.ts';
import { layeredBlobStore } from '../../adapters/layered/layered-blob-store.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Room } from '../../ports/room.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Table, TableReader } from '../../ports/table.ts';
import type { MigrationStores } from '../../registry/maintenance/migrate/copy-blob.ts';
import { cloudfrontOf } from './cloudfront-key.ts';
import type { JobQueues } from './job-queues.ts';
import { homeOf, type ServerSettings, SettingsError } from './settings.ts';
import type { StorageLocation } from './storage-location.ts';

/** The tables of a server and related stores. */
export interface OpenedRecords {
  readonly table: Table;
  readonly audit: Table;
  /** The blob store in the data directory, if the records are there too. */
  readonly files?: BlobStore;
  /** Seals signing keys. Undefined for DynamoDB tables without a sealing secret. */
  readonly seal?: Seal | undefined;
  /** Whether the disk of the records has room for additions. Undefined for tables that grow as needed. */
  readonly room?: Room;
  /** Resolves when the records can no longer be written and must be reopened. Usually never. */
  readonly failed?: Promise<Error>;
  /** The queues of the jobs: those of this machine, or on AWS those in the settings, if any. */
  readonly queue?: (name: string, options: QueueOptions) => Queue;
  /** On AWS, where others fill the queues: the jobs whose queues this server consumes. */
  readonly consumes?: readonly string[];
  close(): Promise<void>;
}

/** All stores of a server. */
export interface OpenedStores extends Omit<OpenedRecords, 'files'> {
  readonly blobs: BlobStore;
  /** While blobs are being migrated, the two stores behind `blobs`. */
  readonly migration?: MigrationStores;
}

/** How stores are opened. */
export interface OpenOptions {
  /** Opens the stores read-only: nothing is created, cleaned up or removed, now or later. */
  readonly readOnly?: boolean;
  /** Checks the recorded storage locations before the blob stores are opened; throws to refuse. */
  readonly validate?: (table: TableReader) => Promise<void>;
}

/** The settings that say where records are stored. */
export type RecordSettings = Pick<
  ServerSettings,
  'dataDir' | 'table' | 'auditTable' | 'region' | 'awsEndpoint' | 'jobQueues' | 'sealingSecret'
>;

/**
 * Opens the configured stores: the table in DynamoDB if `table` is set, the blobs in S3 or a compatible store if
 * `bucket` is set, and everything else in the data directory. With `migrateFrom`, blobs are written to the new
 * location and read from both.
 */
export async function openStores(settings: ServerSettings, options: OpenOptions = {}): Promise<OpenedStores> {
  const { migrateFrom, region, s3LinkEndpoint } = settings;
  const links = { linkEndpoint: s3LinkEndpoint, cloudfront: await cloudfrontOf(settings) };
  const { readOnly = false, validate } = options;
  const { files, ...records } = await openRecords(settings, { readOnly });
  const opened: OpenedLocation[] = [];
  async function open(location: StorageLocation, context: LocationContext): Promise<BlobStore> {
    const { room } = records;
    const store = await openLocation(location, {
      files,
      room,
      region,
      existing: readOnly,
      readOnly,
      ...context,
    });
    opened.push(store);
    return store.blobs;
  }
  async function close(): Promise<void> {
    for (const store of opened) store.close();
    await records.close();
  }
  try {
    await validate?.(records.table);
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

/** Opens the tables. The AWS code is only loaded if needed, since it doubles the startup time. */
export async function openRecords(
  settings: RecordSettings,
  { readOnly = false }: Pick<OpenOptions, 'readOnly'> = {},
): Promise<OpenedRecords> {
  const { table, auditTable = '', region, awsEndpoint, sealingSecret, jobQueues } = settings;
  if (!table) {
    const { blobs: files, ...embedded }: Embedded = await openEmbedded(settings.dataDir, { readOnly });
    return { ...embedded, files };
  }
  const { openTables } = await import('../../adapters/aws/open-tables.ts');
  const tables = openTables({ tableName: table, auditTableName: auditTable, region, endpoint: awsEndpoint });
  const aws = { region, endpoint: awsEndpoint };
  const queues = jobQueues && !readOnly ? await openJobQueues(jobQueues, aws) : undefined;
  return {
    ...tables,
    ...(queues && { queue: queues.queue, consumes: Object.keys(jobQueues ?? {}) }),
    ...(sealingSecret !== undefined && { seal: await openSeal(sealingSecret, aws) }),
    async close() {
      queues?.close();
      await tables.close();
    },
  };
}

type AwsAddress = { readonly region: string | undefined; readonly endpoint: string | undefined };

async function openJobQueues(queueUrls: JobQueues, aws: AwsAddress) {
  const { openQueues } = await import('../../adapters/aws/open-queues.ts');
  return openQueues({ queueUrls, ...aws });
}

async function openSeal(secret: string, aws: AwsAddress) {
  const { secretSeal } = await import('../../adapters/aws/secret-seal.ts');
  return secretSeal(secret, aws);
}

/** A blob store opened by its storage location. */
export interface OpenedLocation {
  readonly blobs: BlobStore;
  close(): void;
}

/** What is needed to open a storage location. */
export interface LocationContext {
  /** The blob store in the data directory. */
  readonly files?: BlobStore | undefined;
  /** Without room there, other directories store no blobs either. */
  readonly room?: Room | undefined;
  /** The region of buckets whose location does not name one. */
  readonly region?: string | undefined;
  /** The endpoint at which clients of the registry reach the bucket, if it differs. */
  readonly linkEndpoint?: string | undefined;
  /** The CloudFront distribution in front of the bucket, to which links point. */
  readonly cloudfront?: CloudfrontSettings | undefined;
  /** The location must already contain blobs, so that a mistyped directory is not created. */
  readonly existing?: boolean;
  /** Opens the store read-only; see `OpenOptions`. */
  readonly readOnly?: boolean;
}

/**
 * Opens the blob store at a storage location.
 * @throws SettingsError when the region is unknown or an existing directory has no blobs
 */
export async function openLocation(
  location: StorageLocation,
  context: LocationContext,
): Promise<OpenedLocation> {
  const { files, room, linkEndpoint, cloudfront, existing = false, readOnly = false } = context;
  if (location.kind === 's3') {
    const { openS3 } = await import('../../adapters/aws/open-s3.ts');
    const opened = openS3({
      ...location,
      linkEndpoint,
      cloudfront,
      region: location.region ?? context.region,
    });
    await opened.region().catch((cause: unknown) => {
      const hint = `the bucket ${location.bucket} needs a region: give --region, or set AWS_REGION`;
      throw new SettingsError(hint, { cause });
    });
    return opened;
  }
  if (!files) throw new SettingsError('a local storage location needs the records in the data directory');
  const { directory } = location;
  if (directory === undefined) return { blobs: files, close() {} };
  if (existing && !existsSync(join(directory, 'blobs'))) {
    throw new SettingsError(`${directory} contains no blobs`);
  }
  return openBlobDirectory(directory, { readOnly, room });
}
