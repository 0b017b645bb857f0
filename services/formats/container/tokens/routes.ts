import { RegistryError } from '../../../domain/errors.ts';
import { credentialOf } from '../../../http/access/credentials.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { hasFeatureScope } from '../../../registry/access/authorize.ts';
import { identify } from '../../../registry/access/identify.ts';
import { secretDigest } from '../../../registry/accounts/token-secret.ts';
import { issueGrant, subjectOf } from '../../../registry/grants/grant.ts';
import { grantable } from '../../../registry/grants/grantable.ts';
import { SERVICES } from '../challenge.ts';
import { parseScopes } from './scopes.ts';

/**
 * `GET /jwt/auth`: exchanges a token, or nothing, for a grant. `POST` is missing on purpose: clients that try it first then
 * send a GET.
 */
export function tokenRoutes(app: FormatRoutes): void {
  app.get('/', issue);
  app.post('/', (c) => {
    throw new RegistryError('routeNotFound', `Use GET ${c.env.address.prefix}`);
  });
}

async function issue(c: FormatContext): Promise<Response> {
  const { registry, format, trace } = c.env;
  const service = c.req.query('service');
  if (service !== undefined && !SERVICES.includes(service)) {
    throw new RegistryError('routeNotFound', 'The service is unknown');
  }
  const scopes = parseScopes(c.req.queries('scope') ?? []);
  const credential = credentialOf(c.req.raw, format.tokenHeaders);
  const principal = await identify(registry, credential, trace);
  const isAnonymous = principal.kind === 'anonymous';
  if (isAnonymous && scopes.repositories.size === 0) throw new RegistryError('unauthenticated');
  if (!isAnonymous && !hasFeatureScope(principal, format.feature)) {
    throw new RegistryError(
      'forbidden',
      'The token has no scope for images: read_registry, write_registry or api',
    );
  }
  const { jwt, issuedAt, expiresIn } = await issueGrant(registry, {
    token:
      isAnonymous || !credential
        ? undefined
        : { sha256: secretDigest(credential.secret), username: subjectOf(principal) },
    access: await grantable(registry, { principal, format, requested: scopes.repositories }),
    catalog: scopes.catalog && principal.kind === 'user' && principal.user.admin,
  });
  return replyJson(
    c,
    200,
    {
      token: jwt,
      access_token: jwt,
      expires_in: expiresIn,
      issued_at: new Date(issuedAt * 1000).toISOString(),
    },
    { 'cache-control': 'no-store' },
  );
}
