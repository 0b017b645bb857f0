import type { EventType, RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { itemOf } from '../registry/records/entities.ts';
import { auditKey } from '../registry/records/keys.ts';

/** Events that follow from others, which are recorded by themselves. */
const derived = new Set<EventType>(['name_listed', 'name_unlisted']);

/**
 * Writes an event into the audit table. Delivered twice it is written once: the key is made of the event's id.
 * Audit records are never changed.
 */
export async function recordAudit(registry: Registry, event: RegistryEvent | undefined): Promise<'done'> {
  if (!event || derived.has(event.type)) return 'done';
  await registry.audit.write([{ put: itemOf(auditKey(event), event) }]);
  return 'done';
}
