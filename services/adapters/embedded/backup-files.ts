import { chmod, copyFile, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from './durable-directories.ts';
import { SEALING_KEY_FILE } from './file-seal.ts';

/** The database in a data directory, and in a backup, which is laid out like one. */
export const DATABASE_FILE = 'packhouse.db';

/** A copy of the database that is not in its place yet. */
export const DRAFT_FILE = 'packhouse.db.draft';

/** The file that makes a directory a backup. */
const BACKUP_FILE = 'backup.json';

/** The file that says that a data directory is being restored. */
const RESTORE_FILE = 'restore.json';

/** Further files of a registry: each is a secret that only its owner can read. Not every registry has all. */
const SECRET_FILES = [SEALING_KEY_FILE, 'root-token'];

/** Files that an empty directory may have: a command may have been killed before it wrote its note. */
const IGNORED = ['lock', 'lost+found', `${BACKUP_FILE}.draft`, `${RESTORE_FILE}.draft`];

/** What a backup says of itself. Times in ISO 8601. */
export interface BackupNote {
  /** The version of Packhouse that made it. */
  readonly version: string;
  readonly startedAt: string;
  /** When the last backup into the directory was completed; null before. */
  readonly finishedAt: string | null;
}

/** Reads the note of a backup, or returns undefined if the directory or the note is missing. */
export function readBackupNote(directory: string): Promise<BackupNote | undefined> {
  return readJson<BackupNote>(join(directory, BACKUP_FILE));
}

/** Writes the note of a backup. */
export function writeBackupNote(directory: string, note: BackupNote): Promise<void> {
  return writeFileSafely(directory, BACKUP_FILE, `${JSON.stringify(note, undefined, 2)}\n`);
}

/** What an unfinished restore says: the backup that it restores. */
export interface RestoreNote {
  readonly backup: string;
}

/** Reads the note of an unfinished restore, or returns undefined if it is missing. */
export function readRestoreNote(directory: string): Promise<RestoreNote | undefined> {
  return readJson<RestoreNote>(join(directory, RESTORE_FILE));
}

/** Notes that a restore has begun. */
export function writeRestoreNote(directory: string, note: RestoreNote): Promise<void> {
  return writeFileSafely(directory, RESTORE_FILE, `${JSON.stringify(note)}\n`);
}

/** Removes the note of a restore that is complete. */
export async function removeRestoreNote(directory: string): Promise<void> {
  await rm(join(directory, RESTORE_FILE), { force: true });
  await syncDirectory(directory);
}

/** Whether a directory does not exist, or has nothing in it. */
export async function isEmptyDirectory(directory: string): Promise<boolean> {
  try {
    const names = await readdir(directory);
    return names.every((name) => IGNORED.includes(name));
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

/** Closes a directory to other users. */
export async function closeToOthers(directory: string): Promise<void> {
  await chmod(directory, 0o700);
}

/** Copies the secrets of a registry that exist, and removes those that do not. */
export async function copySecrets(from: string, to: string): Promise<void> {
  for (const name of SECRET_FILES) {
    const text = await readIfThere(join(from, name));
    if (text === undefined) await rm(join(to, name), { force: true });
    else await writeFileSafely(to, name, text);
  }
}

/** Copies a closed database to a draft beside its place in a data directory, durably. */
export async function copyToDraft(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  const file = await open(to, 'wx', 0o600);
  try {
    await copyFile(from, to);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a draft of the database in its place, at once. */
export async function publishDraft(draft: string, directory: string): Promise<void> {
  await rename(draft, join(directory, DATABASE_FILE));
  await syncDirectory(directory);
}

async function writeFileSafely(directory: string, name: string, text: string): Promise<void> {
  const draft = join(directory, `${name}.draft`);
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(directory, name));
  await syncDirectory(directory);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
