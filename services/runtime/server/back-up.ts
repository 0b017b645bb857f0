import { join, resolve } from 'node:path';
import {
  closeToOthers,
  copySecrets,
  DATABASE_FILE,
  DRAFT_FILE,
  isEmptyDirectory,
  publishDraft,
  readBackupNote,
  writeBackupNote,
} from '../../adapters/embedded/backup-files.ts';
import { closeCopy, copyDatabase, PAGE_BYTES } from '../../adapters/embedded/copy-database.ts';
import { lockDirectory } from '../../adapters/embedded/directory-lock.ts';
import { fileBlobStore } from '../../adapters/embedded/file-blob-store.ts';
import { linkingBlobStore } from '../../adapters/embedded/linking-blob-store.ts';
import { openRecordsFile } from '../../adapters/embedded/open-records-file.ts';
import { readRecords } from '../../adapters/embedded/read-records.ts';
import { layeredBlobStore } from '../../adapters/layered/layered-blob-store.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { TableReader } from '../../ports/table.ts';
import {
  type CopiedBlobs,
  type CopyOptions,
  copyRecorded,
  countRecorded,
} from '../../registry/maintenance/backup/copy-recorded.ts';
import { settleCopy } from '../../registry/maintenance/backup/settle-copy.ts';
import { findHome, judgeHome } from '../../registry/maintenance/migrate/storage-home.ts';
import type { Amount, BlobProblem } from '../../registry/maintenance/storage-problems.ts';
import { VERSION } from '../../shared/version.ts';
import { openLocation } from './open-stores.ts';
import { homeNames, homeOf, type ServerSettings, SettingsError } from './settings.ts';
import { type StorageLocation, startWith } from './storage-location.ts';

/** What a backup or a restore is copying: the pages of the database, or blobs. */
export interface CopyProgress {
  readonly things: 'pages' | 'blobs';
  readonly done: number;
  readonly bytes: number;
  readonly total: number;
  readonly totalBytes: number;
}

/** How to back up. */
export interface BackupOptions extends Omit<CopyOptions, 'onProgress'> {
  /** Whether blobs may share their bytes with those of the registry. */
  readonly link: boolean;
  readonly onProgress: (at: CopyProgress) => void;
}

/** The result of a backup or a restore. */
export interface BackupOutcome extends CopiedBlobs {
  /** How many blobs were removed from the target, because no record refers to them any more. */
  readonly removed: number;
}

/**
 * Copies a registry into a directory while a server may be using it. The result is laid out like a data directory, and
 * has everything that was acknowledged before this began.
 *
 * First come the blobs of the records of now, then the records as they are at one moment, then the blobs that these
 * have in addition. In between nothing is lost: a sweep removes bytes a day after the last file was purged, and records
 * first. A backup that was made before stays usable until the new records are in place.
 * @throws SettingsError when the directory is neither empty nor a backup, or another command uses it
 */
export async function backUp(
  settings: ServerSettings,
  directory: string,
  options: BackupOptions,
): Promise<BackupOutcome> {
  await requireTarget(settings, directory);
  const database = join(settings.dataDir, DATABASE_FILE);
  const live = readRecords(database);
  const closing = [() => live.close()];
  try {
    await requireHome(live.table, settings);
    closing.push(await lockDirectory(directory));
    await closeToOthers(directory);
    const startedAt = new Date().toISOString();
    const earlier = await readBackupNote(directory);
    const finishedAt = earlier?.finishedAt ?? null;
    await writeBackupNote(directory, { version: VERSION, startedAt, finishedAt });
    const target = await fileBlobStore(directory);
    const source = await openSource(settings);
    closing.push(() => source.close());
    const linked = options.link ? source.directory : undefined;
    const to = linked === undefined ? target : linkingBlobStore(directory, linked, target);
    const draft = join(directory, DRAFT_FILE);
    const copied = await copyAll({ ...options, database, draft, live: live.table, from: source.blobs, to });
    if (!copied.complete) return { ...copied, removed: 0 };
    await copySecrets(settings.dataDir, directory);
    await closeCopy(draft);
    await publishDraft(draft, directory);
    await target.delete(copied.unrecorded);
    await writeBackupNote(directory, { version: VERSION, startedAt, finishedAt: new Date().toISOString() });
    return { ...copied, removed: copied.unrecorded.length };
  } finally {
    for (const close of closing.reverse()) close();
  }
}

interface CopyAll extends BackupOptions {
  readonly database: string;
  readonly draft: string;
  readonly live: TableReader;
  readonly from: BlobStore;
  readonly to: BlobStore;
}

async function copyAll(all: CopyAll): Promise<CopiedBlobs> {
  const { database, draft, live, from, to, onProgress, signal } = all;
  const show = blobProgress(await countRecorded(live), onProgress);
  const first = await copyRecorded({ table: live, from, to }, { ...all, onProgress: show });
  if (signal.aborted) return first;
  await copyDatabase(database, draft, ({ done, total }) =>
    onProgress({
      things: 'pages',
      done,
      bytes: done * PAGE_BYTES,
      total,
      totalBytes: total * PAGE_BYTES,
    }),
  );
  const records = await openRecordsFile(draft);
  try {
    // What was there before was compared in the first pass.
    const last = await copyRecorded(
      { table: records.table, from, to },
      { ...all, verify: false, onProgress: show },
    );
    await settleCopy(records.table, last.unreferenced);
    const { blobs, bytes } = first.copied;
    const copied = { blobs: last.copied.blobs + blobs, bytes: last.copied.bytes + bytes };
    return { ...last, copied, problems: bothProblems(first.problems, last.problems) };
  } finally {
    await records.close();
  }
}

/** The problems of both passes. A blob that was missing in the first one only has been deleted since. */
function bothProblems(first: readonly BlobProblem[], last: readonly BlobProblem[]): readonly BlobProblem[] {
  const keys = new Set(last.map(({ storageKey }) => storageKey));
  return [...last, ...first.filter(({ kind, storageKey }) => kind !== 'missing' && !keys.has(storageKey))];
}

/** Returns the progress of copying `total` blobs to a reporter of it. */
export function blobProgress(total: Amount, report: (at: CopyProgress) => void): (at: Amount) => void {
  return ({ blobs, bytes }) =>
    report({ things: 'blobs', done: blobs, bytes, total: total.blobs, totalBytes: total.bytes });
}

async function requireTarget({ dataDir, table }: ServerSettings, directory: string): Promise<void> {
  if (table) {
    throw new SettingsError('records in DynamoDB are not backed up by this command: use the backups of AWS');
  }
  const [source, target] = [resolve(dataDir), resolve(directory)];
  if (`${target}/`.startsWith(`${source}/`) || `${source}/`.startsWith(`${target}/`)) {
    throw new SettingsError(`${directory} and the data directory must not contain each other`);
  }
  if ((await readBackupNote(directory)) || (await isEmptyDirectory(directory))) return;
  throw new SettingsError(`${directory} is neither empty nor a backup: choose another directory`);
}

/** Checks that the settings name the locations where the blobs are. */
async function requireHome(table: TableReader, settings: ServerSettings): Promise<void> {
  const judged = judgeHome(await findHome(table), homeNames(settings), startWith);
  if ('refusal' in judged) throw new SettingsError(judged.refusal);
}

/** Where the blobs are. */
interface Source {
  readonly blobs: BlobStore;
  /** The directory of the blobs, if all are files in one. */
  readonly directory: string | undefined;
  close(): void;
}

/** Opens the blobs of a registry for reading, also while a server has locked its directories. */
async function openSource(settings: ServerSettings): Promise<Source> {
  const { migrateFrom } = settings;
  const home = await openToRead(homeOf(settings), settings);
  if (!migrateFrom) return home;
  const former = await openToRead(migrateFrom, settings);
  return {
    blobs: layeredBlobStore(home.blobs, former.blobs),
    directory: undefined,
    close() {
      home.close();
      former.close();
    },
  };
}

async function openToRead(location: StorageLocation, { dataDir, region }: ServerSettings): Promise<Source> {
  if (location.kind === 's3') return { ...(await openLocation(location, { region })), directory: undefined };
  const { directory = dataDir } = location;
  return { blobs: await fileBlobStore(directory, { readOnly: true }), directory, close() {} };
}
