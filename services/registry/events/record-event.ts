import { randomBytes } from 'node:crypto';
import {
  type Actor,
  type EventType,
  eventTypeOf,
  type NewEvent,
  type RegistryEvent,
  storedEventType,
} from '../../domain/events.ts';
import type { Item, Write } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** The number of outbox partitions over which events are spread. */
export const EVENT_SHARDS = 8;

/** Seconds after which the store may expire an outbox item, long after a stream has delivered it. */
const OUTBOX_LIFETIME = 7 * 24 * 3600;

/** The registry itself, as the actor of events. */
export const system: Actor = { kind: 'system', id: 0, name: 'system' };

/** A unique id that sorts by time: the milliseconds in twelve hex digits, then ten random bytes in hex. */
function newEventId(now: number): string {
  return `${now.toString(16).padStart(12, '0')}-${randomBytes(10).toString('hex')}`;
}

/** An event without its id and time, which `recordEvent` adds. */
export type EventFacts<T extends EventType = EventType> = {
  [Type in T]: Omit<NewEvent<Type>, 'id' | 'at'>;
}[T];

/** The outbox write of an event, for the transaction that makes the change, so that both happen or neither. */
export function recordEvent(now: number, facts: EventFacts): Write {
  const type = storedEventType(facts.type);
  const event = { ...facts, type, id: newEventId(now), at: now };
  const shard = Number.parseInt(event.id.slice(-2), 16) % EVENT_SHARDS;
  return {
    put: {
      ...keys.event(shard, event.id),
      // A separate attribute, so that the filters of a topic can match it.
      type,
      event: JSON.stringify(event),
      expiresAt: Math.floor(now / 1000) + OUTBOX_LIFETIME,
    } satisfies Item,
  };
}

/** The event of an outbox item. */
export function eventOf(item: Item): RegistryEvent {
  return readEvent(String(item.event));
}

/**
 * Parses an event, possibly recorded by another version of the registry: fills in missing fields and keeps
 * unknown ones.
 * @throws TypeError if the text is JSON but not an event; SyntaxError if it is not JSON.
 */
export function readEvent(text: string): RegistryEvent {
  const event = JSON.parse(text) as Partial<RegistryEvent> | null;
  if (typeof event?.id !== 'string' || typeof event.type !== 'string') throw new TypeError('not an event');
  const about = { projectId: 0, projectPath: '', format: '', name: '', version: null };
  const type = eventTypeOf(event.type);
  return { ...about, actor: system, details: {}, at: 0, ...event, type } as RegistryEvent;
}
