import { isIP } from 'node:net';
import type { App } from '../../http/call.ts';

/**
 * The client's address as seen through `proxies` trusted proxies. Each proxy appends its caller's address to
 * `X-Forwarded-For`; earlier entries may have been forged by the client. A request that passed through fewer
 * proxies is attributed to the connected peer.
 */
export function clientAddress(forwarded: string | null, connected: string, proxies: number): string {
  if (proxies === 0 || forwarded === null) return connected;
  const entry = forwarded.split(',').at(-proxies)?.trim() ?? '';
  return isIP(entry) === 0 ? connected : entry;
}

/** Passes the real client address to `app` when the server runs behind proxies. */
export function behindProxies(app: App, proxies: number): App {
  if (proxies === 0) return app;
  return (request, host) => {
    const forwarded = request.headers.get('x-forwarded-for');
    return app(request, {
      ...host,
      clientAddress: clientAddress(forwarded, host.clientAddress ?? '', proxies),
    });
  };
}
