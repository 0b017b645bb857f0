import type { Principal } from '../../domain/accounts.ts';
import { identify } from '../../registry/access/identify.ts';
import type { Call } from '../call.ts';
import { credentialOf } from './credentials.ts';

/** The part of a handler's context needed to identify the caller, for formats and for the management API. */
export interface CallerContext {
  readonly req: { readonly raw: Request };
  readonly env: Pick<Call, 'registry' | 'trace'>;
}

/**
 * Identifies the caller of a request, for routes that need no other access facts. `formatHeaders` are the token
 * headers of the requested format.
 * @throws RegistryError `unauthenticated` when the credential is not valid
 */
export function authenticate(
  { req, env }: CallerContext,
  formatHeaders?: readonly string[],
): Promise<Principal> {
  return identify(env.registry, credentialOf(req.raw, formatHeaders), env.trace);
}
