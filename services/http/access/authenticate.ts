import type { Principal } from '../../domain/accounts.ts';
import { identify } from '../../registry/access/identify.ts';
import type { Registry } from '../../registry/context.ts';
import { credentialOf } from './credentials.ts';

/**
 * Who makes a request, for routes that read nothing else beside the caller. `formatHeaders` are the token headers of the
 * format that is asked.
 * @throws RegistryError `unauthenticated` for a credential that is not valid.
 */
export function authenticate(
  registry: Registry,
  request: Request,
  formatHeaders?: readonly string[],
): Promise<Principal> {
  return identify(registry, credentialOf(request, formatHeaders));
}
