import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { auditKey } from '../registry/records/keys.ts';

/**
 * Writes an event into the audit table. Delivered twice it is written once: the key is made of the event's id.
 * Audit records are never changed.
 */
export async function recordAudit(registry: Registry, event: RegistryEvent | undefined): Promise<'done'> {
  if (!event) return 'done';
  const { details, actor, ...facts } = event;
  await registry.audit.write([
    { put: { ...facts, actor: { ...actor }, details: { ...details }, ...auditKey(event) } },
  ]);
  return 'done';
}
