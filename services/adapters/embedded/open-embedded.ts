import { join, resolve } from 'node:path';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import { endlessRoom, type Room } from '../../ports/room.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Table } from '../../ports/table.ts';
import { DATABASE_FILE, readRestoreNote } from './backup-files.ts';
import { lockDirectory } from './directory-lock.ts';
import { type DiskReserve, keepReserve } from './disk-reserve.ts';
import { syncDirectory } from './durable-directories.ts';
import { embeddedQueue } from './embedded-queue.ts';
import { embeddedTable } from './embedded-table.ts';
import { fileBlobStore } from './file-blob-store.ts';
import { fileSeal } from './file-seal.ts';
import { type OpenedDatabase, openDatabase } from './open-database.ts';

/** The stores of a single machine, all in one data directory. */
export interface Embedded {
  /** The registry table. */
  readonly table: Table;
  /** The audit table. */
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** Seals with a key in the data directory. */
  readonly seal: Seal;
  /** Whether the disk has room for more than removals. */
  readonly room: Room;
  /** The queue of this name. Opening it again returns the same messages. */
  queue(name: string, options: QueueOptions): Queue;
  /** Deletes expired items; also happens every minute. */
  sweep(): Promise<void>;
  /** Resolves when nothing can be written any more and the stores must be reopened. Usually never. */
  readonly failed: Promise<Error>;
  /** Finishes pending writes and releases the directory. Stop consumers first. */
  close(): Promise<void>;
}

/** How to open a data directory. */
export interface EmbeddedOptions {
  /** The memory for cached items, in bytes. */
  readonly cacheBytes?: number;
  /** Open read-only: leftovers of a crash, taken messages and expired items are left for the next server. */
  readonly readOnly?: boolean | undefined;
}

const DEFAULT_CACHE = 64 * 1024 * 1024;
const AUDIT_CACHE = 1024 * 1024;
const SWEEP_EVERY = 60_000;

/**
 * Opens the stores in `directory`, which is created if absent. On a full disk they can be read, and writes are refused
 * until there is space.
 * @throws Error `EBUSY` when another server has it open, `UNFINISHED_RESTORE` when a restore into it was not completed
 */
export async function openEmbedded(directory: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const unlock = await lockDirectory(directory);
  try {
    await requireRestored(directory);
  } catch (error) {
    unlock();
    throw error;
  }
  const reserve = options.readOnly ? undefined : await keepReserve(directory);
  let database: OpenedDatabase | undefined;
  try {
    database = await openDatabase(join(directory, DATABASE_FILE), {
      readOnly: options.readOnly,
      reserveIn: reserve && directory,
      onReleased: () => reserve?.wasReleased(),
      room: reserve,
    });
    const blobs = await fileBlobStore(directory, { ...options, room: reserve });
    if (!options.readOnly) await syncDirectory(directory);
    const seal = fileSeal(directory);
    return storesOf({ database, blobs, seal, reserve, unlock, ...options });
  } catch (error) {
    await reserve?.stop();
    await database?.close();
    unlock();
    throw error;
  }
}

async function requireRestored(directory: string): Promise<void> {
  const note = await readRestoreNote(directory);
  if (!note) return;
  const command = `packhouse restore ${note.backup} --data-dir ${resolve(directory)}`;
  const message = `a backup was not restored completely into ${directory}: run ${command} again`;
  throw Object.assign(new Error(message), { code: 'UNFINISHED_RESTORE' });
}

interface Parts extends EmbeddedOptions {
  readonly database: OpenedDatabase;
  readonly reserve: DiskReserve | undefined;
  readonly blobs: BlobStore;
  readonly seal: Seal;
  unlock(): void;
}

function storesOf(parts: Parts): Embedded {
  const { database, reserve, blobs, seal, unlock, cacheBytes = DEFAULT_CACHE, readOnly = false } = parts;
  const { committer, reader } = database;
  const table = embeddedTable({ name: 'registry', reader, committer, cacheBytes });
  const audit = embeddedTable({ name: 'audit', reader, committer, cacheBytes: AUDIT_CACHE });
  const bells = new Map<string, EventTarget>();

  async function sweep(): Promise<void> {
    await table.sweep(Date.now());
    await audit.sweep(Date.now());
  }

  /** A failed sweep, as on a full disk, is made up for by the next one. */
  const sweeping = readOnly
    ? undefined
    : setInterval(() => void sweep().catch(() => {}), SWEEP_EVERY).unref();

  let closing: Promise<void> | undefined;
  async function release(): Promise<void> {
    clearInterval(sweeping);
    await reserve?.stop();
    await database.close();
    unlock();
  }

  return {
    table,
    audit,
    blobs,
    seal,
    room: reserve ?? endlessRoom,
    sweep,
    failed: committer.failed,
    queue(name, options) {
      const bell = bells.get(name) ?? new EventTarget();
      bells.set(name, bell);
      return embeddedQueue({ ...options, name, reader, committer, bell });
    },
    close() {
      closing ??= release();
      return closing;
    },
  };
}
