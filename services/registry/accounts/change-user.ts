import type { User } from '../../domain/accounts.ts';
import type { Actor } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';

/** Blocks or unblocks a user. The tokens of a blocked user stop working immediately. */
export async function changeUserState(
  registry: Registry,
  user: User,
  state: User['state'],
  actor: Actor,
): Promise<User> {
  await registry.table.write([
    { update: keys.user(user.id), set: { state }, when: { exists: true } },
    ...accountEvent(registry.clock.now(), {
      type: 'user_changed',
      actor,
      owner: { kind: 'user', id: user.id, path: user.username },
      name: user.username,
      details: { before: { state: user.state }, after: { state } },
    }),
  ]);
  return { ...user, state };
}
