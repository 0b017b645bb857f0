import type { App } from '../../http/call.ts';
import { pathOf } from '../../http/format/address.ts';

/** Whether a server takes requests: not yet, now, or no new ones any more. */
export type ServerState = 'starting' | 'serving' | 'draining';

const alive = () => new Response('OK\n', { headers: { 'cache-control': 'no-store' } });

/**
 * What GitLab answers at these paths, for whoever asks. None of them looks at the stores: when DynamoDB is out of
 * reach every server of a deployment is, and one that is replaced for it would only lose the uploads it has.
 */
const checks: Readonly<Record<string, (state: ServerState) => Response>> = {
  '/-/health': alive,
  '/-/liveness': () => report(200, 'ok'),
  '/-/readiness': (state) => (state === 'serving' ? report(200, 'ok') : report(503, state)),
};

function report(status: number, state: string): Response {
  return Response.json({ status: state }, { status, headers: { 'cache-control': 'no-store' } });
}

/**
 * Answers a load balancer that asks how the server is; all else goes to `app`. Ready is a server that has opened its
 * stores and was not told to stop; alive is one that answers at all.
 */
export function withHealth(app: App, state: () => ServerState): App {
  return async (request, host) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      const path = pathOf(request.url);
      const check = path.startsWith('/-/') && Object.hasOwn(checks, path) ? checks[path] : undefined;
      if (check) return check(state());
    }
    return app(request, host);
  };
}
