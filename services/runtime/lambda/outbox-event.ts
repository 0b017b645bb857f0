import { fromWireItem, type WireItem } from '../../adapters/aws/dynamodb-values.ts';
import type { RegistryEvent } from '../../domain/events.ts';
import { eventOf } from '../../registry/events/record-event.ts';

/** A record of the table's stream, as far as it matters here. */
interface StreamRecord {
  readonly eventName?: string;
  readonly dynamodb?: {
    readonly Keys?: { readonly pk?: { readonly S?: string } };
    readonly NewImage?: WireItem;
  };
}

/**
 * The event a message holds, which is a record of the table's stream as the pipe took it over. Undefined for a record
 * of anything else: the pipe lets only new outbox items through, but a filter is not what correctness should rest on.
 */
export function outboxEvent(message: string): RegistryEvent | undefined {
  const record = JSON.parse(message) as StreamRecord;
  const { Keys, NewImage } = record.dynamodb ?? {};
  if (record.eventName !== 'INSERT' || !Keys?.pk?.S?.startsWith('EVENT#') || !NewImage) return undefined;
  return eventOf(fromWireItem(NewImage));
}
