import { randomBytes } from 'node:crypto';
import type { Principal } from '../../domain/accounts.ts';
import type { Actor, EventType, RegistryEvent } from '../../domain/events.ts';
import type { Item, Write } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** How many outbox partitions events are spread over. */
export const EVENT_SHARDS = 8;

/** Seconds after which the store may drop an outbox item that a stream has long delivered. */
const OUTBOX_LIFE = 7 * 24 * 3600;

/** Who acts, as events name them. */
export function actorOf(principal: Principal): Actor {
  if (principal.kind === 'user') {
    return { kind: 'user', id: principal.user.id, name: principal.user.username };
  }
  if (principal.kind === 'deploy') {
    return { kind: 'deploy_token', id: principal.token.id, name: principal.token.username };
  }
  return { kind: 'system', id: 0, name: 'system' };
}

/** A unique text that sorts by time: the millisecond in twelve hex digits, then ten random bytes. */
function newEventId(now: number): string {
  return `${now.toString(16).padStart(12, '0')}-${randomBytes(10).toString('hex')}`;
}

/** What a caller tells of an event; id and time are added here. */
export type EventFacts = Omit<RegistryEvent, 'id' | 'at' | 'type' | 'details'> & {
  readonly type: EventType;
  readonly details?: RegistryEvent['details'];
};

/** The outbox write of an event: part of the transaction that makes the event true, so that none is lost and none lies. */
export function recordEvent(now: number, facts: EventFacts): Write {
  const event: RegistryEvent = { details: {}, ...facts, id: newEventId(now), at: now };
  const shard = Number.parseInt(event.id.slice(-2), 16) % EVENT_SHARDS;
  return {
    put: {
      ...keys.event(shard, event.id),
      // Beside the event, where the filters of a topic can see it.
      type: event.type,
      event: JSON.stringify(event),
      expiresAt: Math.floor(now / 1000) + OUTBOX_LIFE,
    } satisfies Item,
  };
}

/** The event of an outbox item. */
export function eventOf(item: Item): RegistryEvent {
  return JSON.parse(String(item.event)) as RegistryEvent;
}
