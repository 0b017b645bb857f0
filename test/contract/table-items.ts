import { randomUUID } from 'node:crypto';
import type { Item, Key } from '../../services/ports/table.ts';

/** A key in a partition that no other test uses. */
export function aKey(): Key {
  return { pk: `partition ${randomUUID()}`, sk: 'item' };
}

/** The item with its bytes as lists, which compare equal whatever view of a buffer they are. */
export function bytesAsLists(item: Item | undefined): Record<string, unknown> {
  const entries = Object.entries(item ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value]),
  );
}
