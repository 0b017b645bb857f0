import { STATUS_CODES } from 'node:http';
import type { ErrorKind } from '../../domain/errors.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import type { Format, RenderedError } from '../format/format.ts';
import { reply } from './reply.ts';
import { storageError } from './storage-error.ts';

const statuses: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  missing: 404,
  unsupported: 405,
  'too-slow': 408,
  conflict: 409,
  precondition: 412,
  'too-large': 413,
  'unsupported-type': 415,
  unavailable: 503,
  full: 507,
};

/** The `WWW-Authenticate` value of the management API and of most formats. */
export const DEFAULT_CHALLENGE = 'Basic realm="GitLab Packages Registry"';

/** How errors are presented to the clients of one format, or of the management API. */
export interface Dialect {
  readonly renderError?: Format['renderError'];
  /** The `WWW-Authenticate` value of a 401. */
  challenge(error: RegistryError | undefined): string;
}

/** The dialect of GitLab. */
const gitlab: Dialect = { challenge: () => DEFAULT_CHALLENGE };

/**
 * Turns anything thrown into a response: a `RegistryError` is rendered in the dialect, anything else becomes a
 * plain 500 and is logged. A 401 carries its challenge in two headers, because a gateway may rename the standard
 * one.
 */
export function renderError(c: { readonly env: Call }, thrown: unknown, dialect = gitlab): Response {
  const error = asRegistryError(c, thrown);
  const status = error ? statuses[error.kind] : 500;
  if (error) c.env.trace.reason = error.reason ?? c.env.trace.reason ?? reasonOf(error);
  const rendered =
    error && dialect.renderError ? dialect.renderError(error, status) : gitlabError(error, status);
  const challenge = rendered.status === 401 ? printable(dialect.challenge(error), '?') : undefined;
  const headers = {
    'content-type': rendered.contentType,
    'www-authenticate': challenge,
    'x-registry-challenge': challenge,
    'retry-after': rendered.status === 503 ? '5' : undefined,
    ...rendered.headers,
  };
  const reason = rendered.reason && printable(rendered.reason, ' ').slice(0, 300);
  return reply(c, rendered.status, rendered.body, headers, reason);
}

/** The reason for operators of an error that names none itself. */
function reasonOf({ kind, code }: RegistryError): string {
  if (kind === 'missing') return 'missing';
  return code === 'unauthenticated' ? 'no token' : code;
}

/** Replaces all but printable ASCII, which is all that a status line or header may contain. */
function printable(text: string, replacement: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, replacement);
}

function asRegistryError(c: { readonly env: Call }, thrown: unknown): RegistryError | undefined {
  const { registry, requestId } = c.env;
  const error = thrown instanceof RegistryError ? thrown : storageError(thrown);
  if (!error) registry.log.error('request failed', { request_id: requestId, error: thrown });
  else if (error.code === 'contended') {
    registry.log.info('gave up after too many concurrent changes', { request_id: requestId, error });
  } else if (error.kind === 'unavailable' || hasFailed(error)) {
    registry.log.error('storage failed', { request_id: requestId, error });
  }
  return error;
}

/** Whether a write failed for lack of space. If none was tried, the host has logged that the storage is full. */
function hasFailed({ kind, cause }: RegistryError): boolean {
  return kind === 'full' && cause !== undefined;
}

/**
 * Renders an error as GitLab does: `error` for bad parameters and unknown routes, otherwise `message`, which holds
 * the fields if there are any.
 */
export function gitlabError(error: RegistryError | undefined, status: number): RenderedError {
  return { status, contentType: 'application/json', body: JSON.stringify(bodyOf(error)) };
}

function bodyOf(error: RegistryError | undefined): object {
  if (!error) return { message: '500 Internal Server Error' };
  switch (error.code) {
    case 'routeNotFound':
    case 'invalidParameter':
      return { error: numbered(error) };
    case 'insufficientScope':
      return {
        error: 'insufficient_scope',
        error_description: error.message,
        scope: error.fields?.scope?.join(' '),
      };
    default:
      return { message: error.fields ?? numbered(error) };
  }
}

/**
 * Returns the message as in GitLab's API: a reason phrase is preceded by its status code, other messages are not.
 */
function numbered({ kind, message }: RegistryError): string {
  const status = statuses[kind];
  const title = STATUS_CODES[status] ?? '';
  const isTitle =
    message === title || message.startsWith(`${title} - `) || / Not [Ff]ound$/.test(` ${message}`);
  return isTitle && /^[A-Z]/.test(message) ? `${status} ${message}` : message;
}
