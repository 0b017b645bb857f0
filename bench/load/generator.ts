import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { FromGenerator, LoadResult, Task, ToGenerator } from './task.ts';

/** A process that makes requests. */
export interface Generator {
  /** Prepares the task, calls `before`, and runs the task. */
  run(task: Task, before?: () => void): Promise<LoadResult>;
  stop(): void;
}

/** Starts the generator; one serves a whole run of the bench, so that every server is measured by the same process. */
export function startGenerator(): Generator {
  const child = fork(join(import.meta.dirname, 'generator-child.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const send = (message: ToGenerator) => child.send(message);
  return {
    async run(task, before = () => {}) {
      send({ prepare: task });
      await nextMessage(child, task);
      before();
      send({ go: true });
      const message = await nextMessage(child, task);
      if (!('result' in message)) throw new Error('the generator sent no result');
      return message.result;
    },
    stop() {
      child.kill();
    },
  };
}

function nextMessage(child: ChildProcess, task: Task): Promise<FromGenerator> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the generator exited'));
    child.once('exit', ended);
    child.once('message', (message: FromGenerator) => {
      child.off('exit', ended);
      if ('failure' in message)
        reject(new Error(`${task.host}:${task.port}${task.path}: ${message.failure}`));
      else resolve(message);
    });
  });
}
