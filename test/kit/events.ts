import type { RegistryEvent } from '../../services/domain/events.ts';
import type { Table } from '../../services/ports/table.ts';
import { EVENT_SHARDS, eventOf } from '../../services/registry/events/record-event.ts';
import { ranges } from '../../services/registry/records/keys.ts';

/** Returns the recorded events of a format, by time. */
export async function eventsOf(table: Table, format: string): Promise<RegistryEvent[]> {
  const all: RegistryEvent[] = [];
  for (let shard = 0; shard < EVENT_SHARDS; shard++) {
    all.push(...(await table.query(ranges.events(shard))).items.map(eventOf));
  }
  return all.filter((event) => event.format === format).sort((a, b) => a.at - b.at);
}

/** Returns the version and the details of the events of one type, by time. */
export async function eventDetails(table: Table, format: string, type: string): Promise<unknown[]> {
  const events = await eventsOf(table, format);
  return events.filter((event) => event.type === type).map(({ version, details }) => [version, details]);
}
