import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Seal } from '../../ports/seal.ts';
import type { Table } from '../../ports/table.ts';
import { type Committer, startCommitter } from './committer.ts';
import { openReader } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { syncDirectory } from './durable-directories.ts';
import { embeddedQueue } from './embedded-queue.ts';
import { embeddedTable } from './embedded-table.ts';
import { fileBlobStore } from './file-blob-store.ts';
import { fileSeal } from './file-seal.ts';
import { RETURN_ALL } from './queue-rows.ts';

/** The stores of one machine, all in one data directory. */
export interface Embedded {
  /** The registry's table. */
  readonly table: Table;
  /** The audit table. */
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** Seals with a key in the data directory. */
  readonly seal: Seal;
  /** The queue of this name; opening it again gives the same messages. */
  queue(name: string, options: QueueOptions): Queue;
  /** Removes items whose time is over; also happens every minute. */
  sweep(): Promise<void>;
  /** Resolves, if ever, when nothing can be written any more: the stores must be opened again. */
  readonly failed: Promise<Error>;
  /** Finishes what was asked for and gives the directory back. Stop consumers first. */
  close(): Promise<void>;
}

/** How a data directory is opened. */
export interface EmbeddedOptions {
  /** How much memory the items that were read may take. */
  readonly cacheBytes?: number;
  /**
   * To be read only: what a crash left, messages that were taken and items whose time is over stay as they are, for
   * the next server to see to.
   */
  readonly asFound?: boolean | undefined;
}

const DEFAULT_CACHE = 64 * 1024 * 1024;
const AUDIT_CACHE = 1024 * 1024;
const SWEEP_EVERY = 60_000;

/** Opens the stores in `directory`, which is made when it is absent; throws when another server has it open. */
export async function openEmbedded(directory: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const unlock = await lockDirectory(directory);
  let committer: Committer | undefined;
  try {
    const file = join(directory, 'packhouse.db');
    committer = await startCommitter(file);
    const blobs = await fileBlobStore(directory, options);
    if (!options.asFound) {
      await committer.commit({ statements: [{ sql: RETURN_ALL, values: [] }] });
      await syncDirectory(directory);
    }
    const seal = fileSeal(directory);
    return storesOf({ committer, blobs, seal, reader: openReader(file), unlock, ...options });
  } catch (error) {
    await committer?.close();
    unlock();
    throw error;
  }
}

interface Parts extends EmbeddedOptions {
  readonly committer: Committer;
  readonly reader: DatabaseSync;
  readonly blobs: BlobStore;
  readonly seal: Seal;
  unlock(): void;
}

function storesOf(parts: Parts): Embedded {
  const { committer, reader, blobs, seal, unlock, cacheBytes = DEFAULT_CACHE, asFound = false } = parts;
  const table = embeddedTable({ name: 'registry', reader, committer, cacheBytes });
  const audit = embeddedTable({ name: 'audit', reader, committer, cacheBytes: AUDIT_CACHE });
  const bells = new Map<string, EventTarget>();

  async function sweep(): Promise<void> {
    await table.sweep(Date.now());
    await audit.sweep(Date.now());
  }

  /** A sweep that fails, as on a full disk, is made up for by the next. */
  const sweeping = asFound ? undefined : setInterval(() => void sweep().catch(() => {}), SWEEP_EVERY).unref();

  let closing: Promise<void> | undefined;
  async function letGo(): Promise<void> {
    clearInterval(sweeping);
    await committer.close();
    reader.close();
    unlock();
  }

  return {
    table,
    audit,
    blobs,
    seal,
    sweep,
    failed: committer.failed,
    queue(name, options) {
      const bell = bells.get(name) ?? new EventTarget();
      bells.set(name, bell);
      return embeddedQueue({ ...options, name, reader, committer, bell });
    },
    close() {
      closing ??= letGo();
      return closing;
    },
  };
}
