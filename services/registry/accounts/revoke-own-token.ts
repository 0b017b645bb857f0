import type { Actor } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { findTokenBySecret } from './list-tokens.ts';
import { revokeToken } from './revoke-token.ts';
import { eventOwnerOf } from './token-owner.ts';

/**
 * Revokes the access token of a secret for its bearer. Returns false for a deploy token, which only those who manage
 * the project or group can delete, and for a secret that is not a token.
 */
export async function revokeOwnToken(registry: Registry, secret: string, actor: Actor): Promise<boolean> {
  const stored = await findTokenBySecret(registry, secret);
  if (!stored || !('userId' in stored.token)) return false;
  await revokeToken(registry, { stored, actor, owner: await eventOwnerOf(registry, stored.token) });
  return true;
}
