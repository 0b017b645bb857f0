import { expect, test } from 'vitest';
import { memoryQueue } from '../../../../services/adapters/memory/memory-queue.ts';
import type { Queue, QueueOptions } from '../../../../services/ports/queue.ts';
import { startJobs } from '../../../../services/runtime/server/jobs.ts';
import { startApp } from '../../../kit/start-app.ts';

test('a queue is consumed again after it has failed for a while', async () => {
  const app = await startApp();
  const again = Promise.withResolvers<void>();
  let failures = 2;
  const openQueue = (_name: string, options: QueueOptions): Queue => {
    const queue = memoryQueue(options);
    return {
      ...queue,
      consume(handler, signal) {
        if (failures-- > 0) return Promise.reject(new Error('the database is locked'));
        again.resolve();
        return queue.consume(handler, signal);
      },
    };
  };
  const jobs = startJobs(app.registry, openQueue);
  await again.promise;
  await jobs.stop();
  expect(app.errors).toHaveLength(2);
  expect(app.errors[0]).toMatchObject({
    message: 'job failed',
    error: { message: 'the database is locked' },
  });
});
