import type { App } from '../../http/call.ts';
import { pathOf } from '../../http/format/address.ts';
import type { Room } from '../../ports/room.ts';

/** Whether a server accepts requests: not yet, now, or no new ones. */
export type ServerState = 'starting' | 'serving' | 'draining';

const alive = () => new Response('OK\n', { headers: { 'cache-control': 'no-store' } });

/**
 * GitLab's health endpoints, open to everyone. None of them checks the stores: when DynamoDB is unreachable, it is
 * unreachable for every server of a deployment, and replacing a server would only abort its uploads.
 */
const checks: Readonly<Record<string, (state: ServerState, room: Room | undefined) => Response>> = {
  '/-/health': alive,
  '/-/liveness': () => report(200, 'ok'),
  // With a full disk it still serves reads, so that no load balancer may take it away.
  '/-/readiness': (state, room) =>
    state === 'serving' ? report(200, 'ok', room?.isShort ? { storage: 'full' } : {}) : report(503, state),
};

function report(status: number, state: string, more: { readonly storage?: string } = {}): Response {
  return Response.json({ status: state, ...more }, { status, headers: { 'cache-control': 'no-store' } });
}

/**
 * Answers health checks and passes all other requests to `app`. A server is ready once its stores are open and
 * until it is told to stop; it is alive if it answers at all. Readiness also says when there is no room in `room`.
 */
export function withHealth(app: App, state: () => ServerState, room?: Room): App {
  return async (request, host) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      const path = host.path ?? pathOf(request.url);
      const check = path.startsWith('/-/') && Object.hasOwn(checks, path) ? checks[path] : undefined;
      if (check) return check(state(), room);
    }
    return app(request, host);
  };
}
