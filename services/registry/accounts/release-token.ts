import { isActive } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import type { Revocation } from './revoke-token.ts';
import { lineageReleased } from './token-parents.ts';

/**
 * Makes a token independent of the tokens it was made with: it no longer ends with them, nor does what it made. Its own
 * expiry stays.
 * @throws RegistryError `conflict` if it has ended already
 */
export async function releaseToken(registry: Registry, { stored, actor, owner }: Revocation): Promise<void> {
  const { token, sha256 } = stored;
  const now = registry.clock.now();
  if (!isActive(token, now)) throw ended();
  if (!token.parents) return;
  try {
    await registry.table.write([
      { update: keys.token(sha256), set: { parents: undefined }, when: { equals: { revoked: false } } },
      lineageReleased(token),
      ...accountEvent(now, {
        type: 'token_released',
        actor,
        owner,
        name: token.name,
        details: { kind: token.kind, token: token.id },
      }),
    ]);
  } catch (error) {
    throw error instanceof ConditionFailed ? ended() : error;
  }
}

function ended(): RegistryError {
  return new RegistryError('conflict', 'The token is revoked or expired');
}
