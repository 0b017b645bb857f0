import { randomUUID } from 'node:crypto';
import type { Registry } from '../registry/context.ts';
import { renderError } from './answer/render-error.ts';
import type { App, Call } from './call.ts';
import { formatAddress, pathOf } from './format/address.ts';
import type { Format } from './format/format.ts';
import { type FormatApp, formatApp } from './format/format-app.ts';

/** An app for everything that is no format's endpoint, such as the management API. */
export type OtherApp = (request: Request, call: Call) => Response | Promise<Response>;

/**
 * The whole registry as one function from request to response, on every host. Format endpoints go to their format,
 * all else to `other`.
 */
export function registryApp(registry: Registry, formats: readonly Format[], other: OtherApp): App {
  const apps = new Map<string, FormatApp>(formats.map((format) => [format.id, formatApp(format)]));
  return async (request, host) => {
    const started = performance.now();
    const requestId = host.requestId ?? randomUUID();
    const call: Call = { registry, requestId, body: host.body };
    const path = pathOf(request.url);
    const response = await answer(request, path, call, apps, other);
    if (request.method !== 'GET' || response.status >= 500) {
      registry.log.info('request', {
        request_id: requestId,
        method: request.method,
        path,
        status: response.status,
        client: host.clientAddress,
        duration_ms: Math.round(performance.now() - started),
      });
    }
    return response;
  };
}

async function answer(
  request: Request,
  path: string,
  call: Call,
  apps: ReadonlyMap<string, FormatApp>,
  other: OtherApp,
): Promise<Response> {
  try {
    const address = formatAddress(path);
    const app = address && apps.get(address.format);
    return await (app ? app.handle(request, { ...call, address, format: app.format }) : other(request, call));
  } catch (error) {
    return renderError({ env: call }, error);
  }
}
