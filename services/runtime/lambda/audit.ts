import { recordAudit } from '../../jobs/record-audit.ts';
import { openRegistry } from './open-registry.ts';
import { outboxEvent } from './outbox-event.ts';
import { queueHandler } from './queue-handler.ts';

const registry = openRegistry();

/** Writes events into the audit table. */
export const handler = queueHandler(async (message) => {
  const event = outboxEvent(message);
  if (event) await recordAudit(registry, event);
});
