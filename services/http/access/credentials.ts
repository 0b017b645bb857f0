import type { Credential } from '../../registry/accounts/find-token.ts';

const tokenHeaders = ['private-token', 'deploy-token', 'job-token'];
const tokenParameters = ['private_token', 'job_token'];

/**
 * Returns the credential of a request from the first of these that is not empty: `Authorization` (Bearer, Basic,
 * or the bare token), GitLab's token headers, the format's own token headers, and the query. Undefined if there is
 * none.
 */
export function credentialOf(
  request: Request,
  formatHeaders: readonly string[] = [],
): Credential | undefined {
  const { headers } = request;
  const authorization = headers.get('authorization');
  if (authorization) {
    const credential = fromAuthorization(authorization);
    if (credential) return credential;
  }
  return fromHeaders(headers, tokenHeaders) ?? fromHeaders(headers, formatHeaders) ?? fromQuery(request.url);
}

function fromHeaders(headers: Headers, names: readonly string[]): Credential | undefined {
  for (const name of names) {
    const secret = headers.get(name);
    if (secret) return { secret };
  }
  return undefined;
}

function fromAuthorization(value: string): Credential | undefined {
  const space = value.indexOf(' ');
  // Clients whose token is an empty variable send only the scheme.
  if (space < 0) return /^(?:bearer|basic|token)$/i.test(value) ? undefined : { secret: value };
  const scheme = value.slice(0, space).toLowerCase();
  const rest = value.slice(space + 1).trim();
  if (rest === '') return undefined;
  if (scheme === 'bearer' || scheme === 'token') return { secret: rest };
  if (scheme !== 'basic') return { secret: value };
  const decoded = Buffer.from(rest, 'base64').toString();
  const colon = decoded.indexOf(':');
  const username = colon < 0 ? decoded : decoded.slice(0, colon);
  const password = colon < 0 ? '' : decoded.slice(colon + 1);
  return password === '' ? { secret: username } : { secret: password, username };
}

function fromQuery(url: string): Credential | undefined {
  if (!url.includes('_token=')) return undefined;
  const query = new URL(url).searchParams;
  for (const name of tokenParameters) {
    const secret = query.get(name);
    if (secret) return { secret };
  }
  return undefined;
}
