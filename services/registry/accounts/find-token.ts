import { isActive, type Token } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { RequestTrace } from '../../domain/request-trace.ts';
import type { Registry } from '../context.ts';
import { maybeEntity } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { secretDigest } from './token-secret.ts';
import { isWorthRecording } from './token-uses.ts';

/** A secret as it was sent. `username` is set only if one was sent with it, as in Basic authentication. */
export interface Credential {
  readonly secret: string;
  readonly username?: string;
}

/**
 * The active token of a secret. It is looked up by the digest of the secret, so secrets are never compared.
 * If a deploy token is sent with a user name, the name must be the token's. The trace gets the token even if it is
 * refused.
 * @throws RegistryError `unauthenticated` if there is no such token, or it is revoked or expired.
 */
export async function findToken(
  registry: Registry,
  credential: Credential,
  trace?: RequestTrace,
): Promise<Token> {
  return findTokenByDigest(registry, { sha256: secretDigest(credential.secret), ...credential }, trace);
}

/** Like `findToken`, by the digest of the secret. */
export async function findTokenByDigest(
  registry: Registry,
  credential: { readonly sha256: string; readonly username?: string },
  trace?: RequestTrace,
): Promise<Token> {
  const { sha256 } = credential;
  const item = await registry.table.get(keys.token(sha256));
  const token = maybeEntity<Token>(item);
  if (trace) trace.token = token;
  if (!token) throw refused('unknown token');
  if (token.revoked) throw refused('token revoked');
  const now = registry.clock.now();
  if (!isActive(token, now)) throw refused('token expired');
  const isDeploy = token.kind === 'project-deploy' || token.kind === 'group-deploy';
  if (isDeploy && credential.username !== undefined && credential.username !== token.username) {
    throw refused('wrong user name for the deploy token');
  }
  if (isWorthRecording(token, now)) {
    registry.tokenUses.used({ id: token.id, sha256, before: token.lastUsedAt }, now);
  }
  return token;
}

function refused(reason: string): RegistryError {
  return new RegistryError('unauthenticated', undefined, { reason });
}
