import type { Principal } from '../../domain/accounts.ts';
import { identify, identifyGranted } from '../../registry/access/identify.ts';
import type { Grant } from '../../registry/grants/grant.ts';
import type { Call } from '../call.ts';
import type { FormatCall } from '../format/format.ts';
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

/**
 * Identifies the caller of a request to a format whose clients use grants, for routes without a package.
 * @throws RegistryError `unauthenticated` or `invalidGrant` when the credential is not valid
 */
export function caller({
  req,
  env,
}: {
  readonly req: { readonly raw: Request };
  readonly env: Pick<FormatCall, 'registry' | 'trace' | 'format'>;
}): Promise<{ readonly principal: Principal; readonly grant: Grant | undefined }> {
  const { registry, trace, format } = env;
  const credential = credentialOf(req.raw, format.tokenHeaders);
  return identifyGranted(registry, credential, { grants: format.grants, trace });
}
