import type { Principal } from '../../domain/accounts.ts';
import type { Actor, Caller } from '../../domain/events.ts';
import { system } from '../../registry/events/record-event.ts';
import type { Call } from '../call.ts';

/** What finding out who acts needs of a handler's context, be it a format's or the management API's. */
export interface ActorContext {
  readonly req: { readonly raw: Request };
  readonly env: Pick<Call, 'requestId' | 'clientAddress'>;
}

/** The most characters that are kept of what a client calls itself. */
const MAX_USER_AGENT = 256;

/** Who acts, as events name them, and by which request. */
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
  const userAgent = printable(req.raw.headers.get('user-agent') ?? '');
  return {
    requestId: env.requestId,
    ...(principal.kind !== 'anonymous' && {
      token: { id: principal.token.id, kind: principal.token.kind },
    }),
    ...(env.clientAddress && { address: env.clientAddress }),
    ...(userAgent && { userAgent }),
  };
}

/** A text that clients choose, without what could forge lines of a log or hide in one, and not too long. */
function printable(text: string): string {
  const plain = text.toWellFormed().slice(0, 4 * MAX_USER_AGENT);
  return Array.from(plain.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim())
    .slice(0, MAX_USER_AGENT)
    .join('');
}
