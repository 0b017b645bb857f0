import type { Principal } from '../../domain/accounts.ts';
import type { Actor, Caller } from '../../domain/events.ts';
import { maskSecrets } from '../../registry/accounts/mask-secrets.ts';
import { system } from '../../registry/events/record-event.ts';
import type { Call } from '../call.ts';

/** The part of a handler's context needed to identify the actor, for formats and for the management API. */
export interface ActorContext {
  readonly req: { readonly raw: Request };
  readonly env: Pick<Call, 'requestId' | 'clientAddress'>;
}

/** The maximum length of a recorded `User-Agent`, in characters. */
const MAX_USER_AGENT = 256;

/** Returns the actor as events record it: who acts, and through which request. */
export function actorOf(principal: Principal, c: ActorContext): Actor {
  const via = callerOf(principal, c);
  if (principal.kind === 'user') {
    return { kind: 'user', id: principal.user.id, name: principal.user.username, via };
  }
  if (principal.kind === 'deploy') {
    return { kind: 'deploy_token', id: principal.token.id, name: principal.token.username, via };
  }
  return { ...system, via };
}

function callerOf(principal: Principal, { req, env }: ActorContext): Caller {
  const impersonator = principal.kind === 'user' ? principal.impersonator : undefined;
  const userAgent = printable(req.raw.headers.get('user-agent') ?? '');
  return {
    requestId: env.requestId,
    ...(principal.kind !== 'anonymous' && {
      token: { id: principal.token.id, kind: principal.token.kind },
    }),
    ...(impersonator && { impersonator: { id: impersonator.id, name: impersonator.username } }),
    ...(env.clientAddress && { address: env.clientAddress }),
    ...(userAgent && { userAgent }),
  };
}

/**
 * Cleans a text chosen by the client: no characters that could forge log lines or hide in them, no tokens, and not
 * too long.
 */
function printable(text: string): string {
  const plain = maskSecrets(text.toWellFormed().slice(0, 4 * MAX_USER_AGENT));
  return Array.from(plain.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim())
    .slice(0, MAX_USER_AGENT)
    .join('');
}
