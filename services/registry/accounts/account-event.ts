import type { AboutAccount, AccountEventType, Actor, EventDetails } from '../../domain/events.ts';
import type { Write } from '../../ports/table.ts';
import { type EventFacts, recordEvent } from '../events/record-event.ts';

/** An event about accounts: what happened, who did it, where, and to what. Never contains a secret. */
export type AccountEvent = {
  [T in AccountEventType]: Pick<AboutAccount, 'owner' | 'name'> & {
    readonly type: T;
    /** Undefined while the registry sets itself up, which is not recorded as an event. */
    readonly actor: Actor | undefined;
    readonly details: EventDetails[T];
  };
}[AccountEventType];

/** The outbox write of an account event, for the transaction that makes the change. */
export function accountEvent(now: number, event: AccountEvent): Write[] {
  const { actor, owner } = event;
  if (!actor) return [];
  const project = owner.kind === 'project' ? owner : { id: 0, path: '' };
  const about = { projectId: project.id, projectPath: project.path, format: '', version: null } as const;
  return [recordEvent(now, { ...event, ...about, actor } as EventFacts<AccountEventType>)];
}

/** The fields of an account that a change modifies, with their values before and after it. */
export function changedFields<T extends object>(before: T, set: Partial<T>) {
  const fields = Object.keys(set) as (keyof T)[];
  const differing = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(set[field]));
  const pick = (from: Partial<T>) =>
    Object.fromEntries(differing.map((field) => [field, from[field] ?? null])) as Partial<T>;
  return { before: pick(before), after: pick(set) };
}
