import type { AccountEventType, Actor, EventOwner, RegistryEvent } from '../../domain/events.ts';
import type { Write } from '../../ports/table.ts';
import { recordEvent } from '../events/record-event.ts';

/** What is told of a change of accounts: what happened, by whom, where, and to what. Never a secret. */
export interface AccountEvent {
  readonly type: AccountEventType;
  /** Nobody for what the registry does while it sets itself up, which is no event. */
  readonly actor: Actor | undefined;
  readonly owner: EventOwner;
  /** What it happened to: a user name, the name of a token, or the path of the owner itself. */
  readonly name: string;
  readonly details?: RegistryEvent['details'];
}

/** The outbox write of a change of accounts, to join the transaction that makes it. */
export function accountEvent(now: number, event: AccountEvent): Write[] {
  const { actor, owner, ...facts } = event;
  if (!actor) return [];
  const project = owner.kind === 'project' ? owner : { id: 0, path: '' };
  return [
    recordEvent(now, {
      ...facts,
      actor,
      owner,
      projectId: project.id,
      projectPath: project.path,
      format: '',
      version: null,
    }),
  ];
}
