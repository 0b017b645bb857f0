import type { Principal } from '../../domain/accounts.ts';
import { identify } from '../../registry/access/identify.ts';
import type { Registry } from '../../registry/context.ts';
import { credentialOf } from './credentials.ts';

/**
 * Identifies the caller of a request, for routes that need no other access facts. `formatHeaders` are the token
 * headers of the requested format.
 * @throws RegistryError `unauthenticated` when the credential is not valid
 */
export function authenticate(
  registry: Registry,
  request: Request,
  formatHeaders?: readonly string[],
): Promise<Principal> {
  return identify(registry, credentialOf(request, formatHeaders));
}
