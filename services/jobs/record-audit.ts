import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { itemOf } from '../registry/records/entities.ts';
import { auditKey } from '../registry/records/keys.ts';

/**
 * Writes an event into the audit table. Delivered twice it is written once: the key is made of the event's id.
 * Audit records are never changed.
 */
export async function recordAudit(registry: Registry, event: RegistryEvent | undefined): Promise<'done'> {
  if (!event) return 'done';
  await registry.audit.write([{ put: itemOf(auditKey(event), event) }]);
  return 'done';
}
