import { expect, test } from 'vitest';
import { jobs, retryAfter } from '../../../services/job-list.ts';
import { EVENT_TIMEOUT } from '../../../services/jobs/clean-up.ts';
import { STOP_NOTICE } from '../../../services/runtime/job-worker.ts';

test('a whole batch of deletions ends before its deadline, and that before its messages are delivered again', () => {
  const cleanup = jobs.find(({ name }) => name === 'cleanup')!;
  const deadline = cleanup.timeout * 1000 - STOP_NOTICE;
  expect(cleanup.batch * EVENT_TIMEOUT).toBeLessThanOrEqual(deadline);
  expect(deadline).toBeLessThan(retryAfter(cleanup) * 1000);
});
