import type { ErrorKind } from '../domain/errors.ts';
import { RegistryError } from '../domain/errors.ts';
import type { Call } from './call.ts';
import type { Format, RenderedError } from './format.ts';
import { reply } from './reply.ts';

const statuses: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  missing: 404,
  unsupported: 405,
  conflict: 409,
  precondition: 412,
  'too-large': 413,
  unprocessable: 422,
  unavailable: 503,
};

/** The challenge of the management API, and of formats that name none. */
export const DEFAULT_CHALLENGE = 'Basic realm="GitLab Packages Registry"';

/**
 * Turns whatever was thrown into an answer: a `RegistryError` in the format's dialect, anything else into a bare 500
 * that is logged once. A 401 carries its challenge twice, because a gateway may rename the standard header.
 */
export function renderError(c: { readonly env: Call }, thrown: unknown, format?: Format): Response {
  const error = asRegistryError(c, thrown);
  const status = error ? statuses[error.kind] : 500;
  const rendered =
    error && format?.renderError ? format.renderError(error, status) : gitlabError(error, status);
  const challenge = rendered.status === 401 ? (format?.challenge ?? DEFAULT_CHALLENGE) : undefined;
  return reply(c, rendered.status, rendered.body, {
    'content-type': rendered.contentType,
    'www-authenticate': challenge,
    'x-registry-challenge': challenge,
    'retry-after': rendered.status === 503 ? '5' : undefined,
    ...rendered.headers,
  });
}

function asRegistryError(c: { readonly env: Call }, thrown: unknown): RegistryError | undefined {
  const { registry, requestId } = c.env;
  if (!(thrown instanceof RegistryError)) {
    registry.log.error('request failed', { request_id: requestId, error: thrown });
    return undefined;
  }
  if (thrown.kind === 'unavailable') {
    registry.log.error('storage unavailable', { request_id: requestId, error: thrown });
  }
  return thrown;
}

/** GitLab's shape: `error` for a route that does not exist, else `message`, with fields where there are any. */
export function gitlabError(error: RegistryError | undefined, status: number): RenderedError {
  const body =
    error === undefined
      ? { message: '500 Internal Server Error' }
      : error.code === 'routeNotFound'
        ? { error: error.message }
        : error.code === 'insufficientScope'
          ? { error: 'insufficient_scope', error_description: error.message }
          : { message: error.fields ?? error.message };
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}
