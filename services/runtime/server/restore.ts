import { join, resolve } from 'node:path';
import {
  closeToOthers,
  copySecrets,
  copyToDraft,
  DATABASE_FILE,
  DRAFT_FILE,
  isEmptyDirectory,
  publishDraft,
  readBackupNote,
  readRestoreNote,
  removeRestoreNote,
  writeRestoreNote,
} from '../../adapters/embedded/backup-files.ts';
import { checkDatabase } from '../../adapters/embedded/copy-database.ts';
import { lockDirectory } from '../../adapters/embedded/directory-lock.ts';
import { fileBlobStore } from '../../adapters/embedded/file-blob-store.ts';
import { lockToRead } from '../../adapters/embedded/lock-to-read.ts';
import { readRecords } from '../../adapters/embedded/read-records.ts';
import {
  type CopiedBlobs,
  type CopyOptions,
  copyRecorded,
  countRecorded,
} from '../../registry/maintenance/backup/copy-recorded.ts';
import { type BackupOutcome, blobProgress, type CopyProgress } from './back-up.ts';
import { SettingsError } from './settings.ts';

/** How to restore. */
export interface RestoreOptions extends Omit<CopyOptions, 'onProgress' | 'verify'> {
  /** Whether to complete the restore although blobs are missing or damaged in the backup. */
  readonly allowMissing: boolean;
  readonly onProgress: (at: CopyProgress) => void;
}

/** The result of a restore. */
export interface RestoreOutcome extends BackupOutcome {
  /** Whether the registry can be served; if not, problems are in the way, or it was stopped. */
  readonly restored: boolean;
}

/**
 * Copies a backup into a new data directory, comparing every digest. The database comes last, so that a server starts on all
 * or refuses to start. If it is stopped or killed, the next call continues.
 * @throws SettingsError when the backup is incomplete or missing, or the data directory contains other files
 */
export async function restore(
  backup: string,
  dataDir: string,
  options: RestoreOptions,
): Promise<RestoreOutcome> {
  await requireBackup(backup);
  await requireTarget(backup, dataDir);
  const unlock = await lockToRead(backup);
  try {
    checkDatabase(join(backup, DATABASE_FILE));
    const release = await lockDirectory(dataDir);
    try {
      await closeToOthers(dataDir);
      await writeRestoreNote(dataDir, { backup: resolve(backup) });
      const target = await fileBlobStore(dataDir);
      const from = await fileBlobStore(backup, { readOnly: true });
      const copied = await copyBlobs(backup, { from, to: target }, options);
      if (!copied.complete || (copied.problems.length > 0 && !options.allowMissing)) {
        return { ...copied, removed: 0, restored: false };
      }
      await target.delete(copied.unrecorded);
      await copySecrets(backup, dataDir);
      const draft = join(dataDir, DRAFT_FILE);
      await copyToDraft(join(backup, DATABASE_FILE), draft);
      await publishDraft(draft, dataDir);
      await removeRestoreNote(dataDir);
      return { ...copied, removed: copied.unrecorded.length, restored: true };
    } finally {
      release();
    }
  } finally {
    unlock();
  }
}

async function copyBlobs(
  backup: string,
  stores: Pick<Parameters<typeof copyRecorded>[0], 'from' | 'to'>,
  { onProgress, ...options }: RestoreOptions,
): Promise<CopiedBlobs> {
  const records = readRecords(join(backup, DATABASE_FILE));
  try {
    const show = blobProgress(await countRecorded(records.table), onProgress);
    return await copyRecorded(
      { table: records.table, ...stores },
      { ...options, verify: false, onProgress: show },
    );
  } finally {
    records.close();
  }
}

async function requireBackup(directory: string): Promise<void> {
  const note = await readBackupNote(directory);
  if (!note) throw new SettingsError(`there is no backup in ${directory}`);
  if (note.finishedAt !== null) return;
  throw new SettingsError(
    `the backup in ${directory} is not complete: run packhouse backup ${directory} again`,
  );
}

async function requireTarget(backup: string, dataDir: string): Promise<void> {
  const [source, target] = [resolve(backup), resolve(dataDir)];
  if (`${target}/`.startsWith(`${source}/`) || `${source}/`.startsWith(`${target}/`)) {
    throw new SettingsError(`${backup} and the data directory must not contain each other`);
  }
  const note = await readRestoreNote(dataDir);
  if (note && note.backup !== source) {
    throw new SettingsError(
      `${dataDir} is being restored from ${note.backup}: continue that, or choose another`,
    );
  }
  if (note || (await isEmptyDirectory(dataDir))) return;
  throw new SettingsError(`${dataDir} is not empty: choose a new directory with --data-dir`);
}
