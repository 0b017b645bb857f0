import type { Room } from '../../ports/room.ts';
import { type Committer, type CommitterOptions, startCommitter } from './committer.ts';
import { createPrivate } from './create-private.ts';
import { openReader, openSpacelessReader, type Reader } from './database.ts';
import { diskFull, isDatabaseFull, isDiskFull } from './disk-full.ts';
import { RETURN_ALL } from './queue-rows.ts';
import { replaceableReader } from './replaceable-reader.ts';

/** The connections to a database. */
export interface OpenedDatabase {
  readonly reader: Reader;
  readonly committer: Committer;
  /** Finishes pending writes and closes the database. */
  close(): Promise<void>;
}

/** How to open a database. */
export interface DatabaseOptions extends CommitterOptions {
  /** Leave the messages that a killed process has taken. */
  readonly readOnly?: boolean | undefined;
  /** Says when a database that was opened without space for writes can be opened for them. */
  readonly room?: Room | undefined;
}

/** How often to try that, in milliseconds. */
const RECOVER_EVERY = 1_000;

/**
 * Opens a database, which is created if absent. One for which there is not even the space that SQLite needs to open
 * it is opened for reading; writes are refused until `room` says that there is space again.
 */
export async function openDatabase(file: string, options: DatabaseOptions): Promise<OpenedDatabase> {
  try {
    const committer = await openCommitter(file, options);
    const reader = openReader(file);
    return {
      reader,
      committer,
      async close() {
        await committer.close();
        reader.close();
      },
    };
  } catch (error) {
    if (!isDatabaseFull(error) && !isDiskFull(error)) throw error;
    return openForReading(file, options, error);
  }
}

async function openCommitter(file: string, { readOnly, room, ...rest }: DatabaseOptions): Promise<Committer> {
  await createPrivate(file);
  const committer = await startCommitter(file, rest);
  try {
    if (!readOnly) await committer.commit({ statements: [{ sql: RETURN_ALL, values: [] }] });
    return committer;
  } catch (error) {
    await committer.close();
    throw error;
  }
}

function openForReading(file: string, options: DatabaseOptions, cause: unknown): OpenedDatabase {
  options.onReleased?.();
  const reader = replaceableReader(spaceless(file, cause));
  const failed = Promise.withResolvers<Error>();
  let writer: Committer | undefined;
  let recovering: Promise<void> | undefined;

  async function recover(): Promise<void> {
    if (!(await options.room?.hasRoom())) return;
    reader.replace(
      () => openReader(file),
      () => openSpacelessReader(file),
    );
    writer = await openCommitter(file, options);
    writer.failed.then(failed.resolve);
    clearInterval(timer);
  }

  const timer = setInterval(() => {
    // A failed attempt is followed by the next one.
    recovering ??= recover()
      .catch(() => {})
      .finally(() => {
        recovering = undefined;
      });
  }, RECOVER_EVERY).unref();

  return {
    reader,
    committer: {
      failed: failed.promise,
      commit: (job) => writer?.commit(job) ?? Promise.reject(diskFull(cause)),
      close: async () => writer?.close(),
    },
    async close() {
      clearInterval(timer);
      await recovering;
      await writer?.close();
      reader.close();
    },
  };
}

function spaceless(file: string, cause: unknown) {
  try {
    return openSpacelessReader(file);
  } catch {
    throw diskFull(cause);
  }
}
