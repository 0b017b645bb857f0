import type { EventType, RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { itemOf } from '../registry/records/entities.ts';
import { auditKey } from '../registry/records/keys.ts';

/** Events that follow from others, which have their own records. */
const derived = new Set<EventType>(['name_added', 'name_removed']);

/**
 * Writes an event to the audit table. A redelivered event is written once, because its key contains the event's
 * id. Audit records are never changed.
 */
export async function recordAudit(registry: Registry, event: RegistryEvent | undefined): Promise<'done'> {
  if (!event || derived.has(event.type)) return 'done';
  await registry.audit.write([{ put: itemOf(auditKey(event), event) }]);
  return 'done';
}
