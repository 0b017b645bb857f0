import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type CommitJob,
  errorOf,
  type JobOutcome,
  type PostedJob,
  type WorkerNotice,
} from './commit-jobs.ts';
import type { WriterData } from './commit-worker.ts';

/** Makes jobs durable, with one fsync for all that are waiting. */
export interface Committer {
  /** Resolves with the job's result once it is durable. */
  commit(job: CommitJob): Promise<unknown>;
  /** Resolves when the thread has ended unexpectedly, after which nothing can be written. Usually never. */
  readonly failed: Promise<Error>;
  /** Finishes pending jobs and closes the database. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The code of the thread; bundles have a JavaScript version next to them. */
const workerFile = `./commit-worker${extname(import.meta.url)}`;

/** How a writer thread works. */
export interface CommitterOptions extends Omit<WriterData, 'file'> {
  /** Called when the thread has released the reserve. */
  readonly onReleased?: () => void;
}

/**
 * Starts the writer thread of a database file, which is created if absent. While another process holds the database,
 * jobs wait for `busyTimeout` milliseconds and then reject with `TableBusy`.
 */
export async function startCommitter(file: string, options: CommitterOptions = {}): Promise<Committer> {
  const { onReleased = () => {}, ...rest } = options;
  const workerData: WriterData = { file, ...rest };
  const worker = new Worker(new URL(workerFile, import.meta.url), { workerData });
  const [first] = (await once(worker, 'message')) as [WorkerNotice];
  if (first === 'reserve released') onReleased();
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: Error | undefined;
  let closing = false;
  const failed = Promise.withResolvers<Error>();

  function end(error: Error): void {
    ended ??= error;
    if (!closing) failed.resolve(ended);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  }

  worker.on('message', (outcomes: readonly JobOutcome[] | WorkerNotice) => {
    if (typeof outcomes === 'string') {
      if (outcomes === 'reserve released') onReleased();
      return;
    }
    for (const { id, value, failure } of outcomes) {
      const job = waiting.get(id);
      waiting.delete(id);
      if (failure) job?.reject(errorOf(failure));
      else job?.resolve(value);
    }
    if (waiting.size === 0) worker.unref();
  });
  worker.on('error', (cause) => end(new Error('the writer thread failed; restart the server', { cause })));
  worker.on('exit', () => end(new Error('the store is closed')));

  return {
    failed: failed.promise,
    commit(job) {
      return new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        const posted: PostedJob = { id: ++lastId, job };
        worker.postMessage(posted);
        if (waiting.size === 0) worker.ref();
        waiting.set(posted.id, { resolve, reject });
      });
    },
    async close() {
      if (ended) return;
      closing = true;
      worker.ref();
      const exited = once(worker, 'exit');
      worker.postMessage('close');
      await exited;
    },
  };
}
