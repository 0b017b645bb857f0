import { endlessRoom, type Room } from '../../ports/room.ts';
import type { Table } from '../../ports/table.ts';
import { requireRoom } from '../require-room.ts';
import { keys } from './keys.ts';

/** Kinds of numeric ids. Groups and user namespaces share one counter. */
export type IdKind = 'user' | 'namespace' | 'project' | 'token' | 'package' | 'file';

/** Allocates numeric ids: positive safe integers, unique for each kind. */
export interface IdSource {
  next(kind: IdKind): Promise<number>;
}

/** How many ids a process allocates at a time; unused ones are lost. */
const blockSizes: Record<IdKind, number> = {
  user: 1,
  namespace: 1,
  project: 1,
  token: 1,
  package: 50,
  file: 100,
};

interface Block {
  next: number;
  end: number;
}

/**
 * Allocates ids from counters in the table. Busy counters are incremented in blocks, which saves writes while
 * ids stay small enough for clients that store them in 32 bits. Whatever has an id is an addition: without room there
 * are no ids.
 */
export function tableIds(table: Table, room: Room = endlessRoom): IdSource {
  const blocks = new Map<IdKind, Block>();
  const pending = new Map<IdKind, Promise<void>>();

  async function take(kind: IdKind): Promise<void> {
    const size = blockSizes[kind];
    const counter = await table.update(keys.counter(kind), { add: { value: size } });
    const end = Number(counter.value);
    blocks.set(kind, { next: end - size + 1, end });
  }

  return {
    async next(kind) {
      await requireRoom({ room });
      for (;;) {
        const block = blocks.get(kind);
        if (block && block.next <= block.end) return block.next++;
        let taking = pending.get(kind);
        if (!taking) {
          taking = take(kind).finally(() => pending.delete(kind));
          pending.set(kind, taking);
        }
        await taking;
      }
    },
  };
}
