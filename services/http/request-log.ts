import type { RequestTrace } from '../domain/request-trace.ts';
import type { LogFields } from '../ports/log.ts';
import { credentialOf } from './access/credentials.ts';
import type { Call } from './call.ts';
import type { FormatAddress } from './format/address.ts';

/** What is known about a request once it has been answered. */
export interface Answered {
  readonly address: FormatAddress | undefined;
  readonly status: number;
  readonly milliseconds: number;
}

/** The statuses of reads that are logged at info: an operator can see from them why an install fails. */
const refused: ReadonlySet<number> = new Set([401, 403, 404]);

/**
 * Logs a request: changes, failures and refused reads at info, other reads at debug. The line has the template of the
 * route, never the path, in which some clients send tokens.
 */
export function logRequest(request: Request, call: Call, { address, status, milliseconds }: Answered): void {
  const { registry, trace, requestId, clientAddress } = call;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const level = isRead && status < 500 && !refused.has(status) ? 'debug' : 'info';
  if (level === 'debug' && registry.log.dropsDebug) return;
  registry.log[level]('request', {
    request_id: requestId,
    method: request.method,
    route: templateOf(trace, address),
    status,
    ...(status >= 400 && status < 500 && { reason: trace.reason }),
    ...(address && named(request, { owner: address.owner, package: trace.package })),
    ...callerOf(trace),
    client: clientAddress,
    duration_ms: Math.round(milliseconds),
  });
}

/** Counts a request in the host's metrics. */
export function countRequest(
  request: Request,
  call: Call,
  { address, status, milliseconds }: Answered,
): void {
  const { registry, trace } = call;
  const format = address?.format ?? '';
  if (trace.downloaded) registry.meter.downloaded(format);
  registry.meter.request({
    method: request.method,
    route: templateOf(trace, address),
    format,
    status,
    milliseconds,
    received: trace.received,
    sent: request.method === 'HEAD' ? 0 : trace.sent,
  });
}

/** The template of a request's route; `/*` below the mount, or below the root, if it matched none. */
function templateOf({ route }: RequestTrace, address: FormatAddress | undefined): string {
  return route ?? `${address?.template ?? ''}/*`;
}

/** The names in an address, without one that is the token of the request. */
function named(request: Request, names: { readonly owner: string; readonly package: string | undefined }) {
  const secret = credentialOf(request)?.secret;
  const { owner, package: packageName } = names;
  return {
    ...(owner !== '' && owner !== secret && { owner }),
    ...(packageName !== undefined && packageName !== secret && { package: packageName }),
  };
}

function callerOf({ token, user, actsAs }: RequestTrace): LogFields {
  if (!token) return {};
  const name = 'userId' in token ? user?.username : token.username;
  return {
    ...(name !== undefined && { user: name }),
    ...(actsAs && { acts_as: actsAs.username }),
    token: token.id,
  };
}
