import { cleanUpAfter } from '../../jobs/clean-up.ts';
import { sweep } from '../../jobs/sweep.ts';
import { openRegistry } from './open-registry.ts';
import { outboxEvent } from './outbox-event.ts';
import { queueHandler } from './queue-handler.ts';

const registry = openRegistry({ deletesBlobs: true });

/** Removes blobs that nothing refers to: every day all of them, and after a deletion those that are due. */
export const handler = queueHandler(async (message, signal) => {
  const event = outboxEvent(message);
  if (event) return cleanUpAfter(registry, event, signal);
  if (JSON.parse(message).job === 'sweep') await sweep(registry, signal);
});
