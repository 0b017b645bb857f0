import { isIP } from 'node:net';
import type { App } from '../../http/call.ts';

/**
 * The address of the client behind `proxies` proxies, each of which adds whom it was called by to the end of
 * `X-Forwarded-For`; what stands before those entries the client may have written itself. A request that came by fewer
 * proxies counts as made by whoever is connected.
 */
export function clientAddress(forwarded: string | null, connected: string, proxies: number): string {
  if (proxies === 0 || forwarded === null) return connected;
  const entry = forwarded.split(',').at(-proxies)?.trim() ?? '';
  return isIP(entry) === 0 ? connected : entry;
}

/** Tells `app` the address of the client itself where the server stands behind proxies. */
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
