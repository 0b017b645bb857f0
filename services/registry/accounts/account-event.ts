import type { AboutAccount, AccountEventType, Actor, EventDetails } from '../../domain/events.ts';
import type { Write } from '../../ports/table.ts';
import { type EventFacts, recordEvent } from '../events/record-event.ts';

/** What is told of a change of accounts: what happened, by whom, where, and to what. Never a secret. */
export type AccountEvent = {
  [T in AccountEventType]: Pick<AboutAccount, 'owner' | 'name'> & {
    readonly type: T;
    /** Nobody for what the registry does while it sets itself up, which is no event. */
    readonly actor: Actor | undefined;
    readonly details: EventDetails[T];
  };
}[AccountEventType];

/** The outbox write of a change of accounts, to join the transaction that makes it. */
export function accountEvent(now: number, event: AccountEvent): Write[] {
  const { actor, owner } = event;
  if (!actor) return [];
  const project = owner.kind === 'project' ? owner : { id: 0, path: '' };
  const about = { projectId: project.id, projectPath: project.path, format: '', version: null } as const;
  return [recordEvent(now, { ...event, ...about, actor } as EventFacts<AccountEventType>)];
}

/** The fields that a change of an account made differ, before it and after it. */
export function changedFields<T extends object>(before: T, set: Partial<T>) {
  const fields = Object.keys(set) as (keyof T)[];
  const differing = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(set[field]));
  const pick = (from: Partial<T>) =>
    Object.fromEntries(differing.map((field) => [field, from[field] ?? null])) as Partial<T>;
  return { before: pick(before), after: pick(set) };
}
