import type { Token, User } from './accounts.ts';

/**
 * What is known about a request, for logs and metrics only: filled in while the request is handled, never part of
 * the response. Nothing in it is a secret.
 */
export interface RequestTrace {
  /** The template of the matched route, such as `/api/v4/projects/:id/packages/generic/:name`. */
  route: string | undefined;
  /** The name of the requested package, normalised. */
  package: string | undefined;
  /** The token that was presented, even if it is no longer valid. */
  token: Token | undefined;
  /** The user the token acts as, even if blocked. */
  user: User | undefined;
  /** The user as whom an administrator acts (`Sudo`). */
  actsAs: User | undefined;
  /** Why the request is refused if it is, in words for operators. */
  reason: string | undefined;
  /** The bytes of the body that were read, and of the response's body if its length is known. */
  received: number;
  sent: number;
  /** Whether a download was counted. */
  downloaded: boolean;
}

/** The trace of a request about which nothing is known yet. */
export function newTrace(): RequestTrace {
  return {
    route: undefined,
    package: undefined,
    token: undefined,
    user: undefined,
    actsAs: undefined,
    reason: undefined,
    received: 0,
    sent: 0,
    downloaded: false,
  };
}
