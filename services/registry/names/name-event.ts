import type { Group } from '../../domain/accounts.ts';
import type { Actor, EventDetails, NameEventType } from '../../domain/events.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type EventFacts, recordEvent } from '../events/record-event.ts';
import { maybeEntity } from '../records/entities.ts';
import { keys } from '../records/keys.ts';

/** A root namespace; without a path if it has been deleted. */
export interface Root {
  readonly id: number;
  readonly fullPath: string;
}

/** What an administrator does with a name or prefix. */
export type NameEvent = {
  [T in NameEventType]: {
    readonly type: T;
    readonly details: EventDetails[T];
    readonly actor: Actor;
    readonly format: string;
    readonly name: string;
    readonly root: Root;
  };
}[NameEventType];

/** The outbox write of an event about a name, for the transaction that makes the change. */
export function nameEvent(now: number, { root, ...event }: NameEvent): Write {
  const owner = { kind: 'group', id: root.id, path: root.fullPath } as const;
  const about = { owner, projectId: 0, projectPath: '', version: null } as const;
  return recordEvent(now, { ...event, ...about } as EventFacts<NameEventType>);
}

/** A root namespace by its id. */
export async function rootById({ table }: Pick<Registry, 'table'>, id: number): Promise<Root> {
  return maybeEntity<Group>(await table.get(keys.group(id))) ?? { id, fullPath: '' };
}
