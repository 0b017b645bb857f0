import { randomBytes } from 'node:crypto';
import type { Actor, EventType, NewEvent, RegistryEvent } from '../../domain/events.ts';
import type { Item, Write } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** How many outbox partitions events are spread over. */
export const EVENT_SHARDS = 8;

/** Seconds after which the store may drop an outbox item that a stream has long delivered. */
const OUTBOX_LIFE = 7 * 24 * 3600;

/** The registry itself, as the actor of events. */
export const system: Actor = { kind: 'system', id: 0, name: 'system' };

/** A unique text that sorts by time: the millisecond in twelve hex digits, then ten random bytes. */
function newEventId(now: number): string {
  return `${now.toString(16).padStart(12, '0')}-${randomBytes(10).toString('hex')}`;
}

/** What a caller tells of an event; id and time are added here. */
export type EventFacts<T extends EventType = EventType> = {
  [Type in T]: Omit<NewEvent<Type>, 'id' | 'at'>;
}[T];

/** The outbox write of an event: part of the transaction that makes the event true, so that none is lost and none lies. */
export function recordEvent(now: number, facts: EventFacts): Write {
  const event = { ...facts, id: newEventId(now), at: now };
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
  return readEvent(String(item.event));
}

/**
 * Reads the text of an event, also one that another version of the registry recorded: what it lacks is filled in, and what
 * is new is kept. A text that holds no event is an error.
 */
export function readEvent(text: string): RegistryEvent {
  const event = JSON.parse(text) as Partial<RegistryEvent> | null;
  if (typeof event?.id !== 'string' || typeof event.type !== 'string') throw new TypeError('not an event');
  const about = { projectId: 0, projectPath: '', format: '', name: '', version: null };
  return { ...about, actor: system, details: {}, at: 0, ...event } as RegistryEvent;
}
