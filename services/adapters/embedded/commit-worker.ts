/**
 * The writer thread. It applies all waiting jobs in one SQLite transaction, each in its own savepoint, so that
 * they share one fsync and a failing job does not affect the others.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Item } from '../../ports/table.ts';
import { afterWrite, keyOf } from '../../ports/table-rules.ts';
import {
  failureOf,
  type JobOutcome,
  type PostedJob,
  type SqlJob,
  type WorkerNotice,
  type WriteJob,
} from './commit-jobs.ts';
import { openWriter } from './database.ts';
import { isBusy } from './database-busy.ts';
import { isDatabaseFull } from './disk-full.ts';
import { releaseReserve } from './disk-reserve.ts';
import { itemReader, itemWriter } from './item-rows.ts';

/** What the thread is started with. */
export interface WriterData {
  readonly file: string;
  /** See `openWriter`. */
  readonly busyTimeout?: number | undefined;
  /** The directory with a reserve, which is released when there is no space for a write. */
  readonly reserveIn?: string | undefined;
}

/** The maximum number of jobs per transaction. */
const BATCH = 256;

function startWorker(
  port: NonNullable<typeof parentPort>,
  { file, busyTimeout, reserveIn }: WriterData,
): void {
  const notify = (notice: WorkerNotice) => port.postMessage(notice);
  const database = openWithSpace();
  const tables = { registry: itemsOf('registry'), audit: itemsOf('audit') };
  const statements = new Map<string, StatementSync>();
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  const [save, release] = [database.prepare('SAVEPOINT job'), database.prepare('RELEASE job')];

  function openWithSpace(): DatabaseSync {
    try {
      return openWriter(file, busyTimeout);
    } catch (error) {
      if (!isDatabaseFull(error) || !giveUpReserve()) throw error;
      return openWriter(file, busyTimeout);
    }
  }

  function giveUpReserve(): boolean {
    const released = reserveIn !== undefined && releaseReserve(reserveIn);
    if (released) notify('reserve released');
    return released;
  }

  /**
   * Makes space for a write after one has failed: releases the reserve and empties the write-ahead log, whose pages take
   * less space in the database. Returns whether there may be more space now.
   */
  function makeSpace(): boolean {
    const released = giveUpReserve();
    try {
      const result = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
      return released || result?.busy === 0;
    } catch {
      return released;
    }
  }

  function itemsOf(table: 'registry' | 'audit') {
    return { ...itemReader(database, table), ...itemWriter(database, table) };
  }

  /**
   * Applies the jobs and makes them durable. If the whole transaction fails for lack of space, it is retried with all
   * there is. If it still fails, each job is retried alone, except when another process holds the database: each would
   * wait for it as long as this one has.
   */
  function commitJobs(posted: readonly PostedJob[], mayMakeSpace = true): JobOutcome[] {
    try {
      begin.run();
      const outcomes = posted.map(performInSavepoint);
      commit.run();
      return outcomes;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      const [first] = posted;
      if (isDatabaseFull(error) && mayMakeSpace && makeSpace()) return commitJobs(posted, false);
      if (isBusy(error)) return posted.map(({ id }) => ({ id, failure: failureOf(error) }));
      if (first && posted.length === 1) return [{ id: first.id, failure: failureOf(error) }];
      return posted.flatMap((each) => commitJobs([each], mayMakeSpace));
    }
  }

  function performInSavepoint({ id, job }: PostedJob): JobOutcome {
    save.run();
    try {
      const value = 'operations' in job ? applyWrites(job) : runStatements(job);
      release.run();
      return { id, value };
    } catch (error) {
      // On a full disk, SQLite may have rolled back the whole transaction.
      if (!database.isTransaction || isDatabaseFull(error)) throw error;
      database.exec('ROLLBACK TO job; RELEASE job');
      return { id, failure: failureOf(error) };
    }
  }

  function applyWrites({ table, operations }: WriteJob): Item | undefined {
    const items = tables[table];
    const after = operations.map((write, number) => {
      const needsItem = write.when !== undefined || 'update' in write;
      return afterWrite(write, needsItem ? items.find(keyOf(write))?.item : undefined, number);
    });
    for (const [number, write] of operations.entries()) {
      const item = after[number];
      if ('delete' in write) items.remove(write.delete);
      else if (item && !('check' in write)) items.put(item);
    }
    return after[0];
  }

  function runStatements(job: SqlJob): unknown[] {
    let rows: unknown[] = [];
    for (const { sql, values } of job.statements) {
      const statement = statements.get(sql) ?? database.prepare(sql);
      statements.set(sql, statement);
      rows = statement.all(...values);
    }
    return rows;
  }

  port.on('message', (first: PostedJob | 'close') => {
    const posted: PostedJob[] = [];
    let next: PostedJob | 'close' | undefined = first;
    while (next && next !== 'close') {
      posted.push(next);
      next = posted.length < BATCH ? receiveMessageOnPort(port)?.message : undefined;
    }
    if (posted.length > 0) port.postMessage(commitJobs(posted));
    if (next === 'close') close(database);
  });
  notify('ready');

  function close(open: DatabaseSync): void {
    open.close();
    port.close();
  }
}

if (parentPort) startWorker(parentPort, workerData);
