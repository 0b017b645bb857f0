import { randomUUID } from 'node:crypto';
import { newTrace } from '../domain/request-trace.ts';
import type { Registry } from '../registry/context.ts';
import { corsHeaders, preflightHeaders } from './answer/cors.ts';
import { renderError } from './answer/render-error.ts';
import { reply } from './answer/reply.ts';
import type { App, Call } from './call.ts';
import { addressReader, type FormatAddress, pathOf, type ReadAddress } from './format/address.ts';
import type { Format } from './format/format.ts';
import { type FormatApp, formatApp } from './format/format-app.ts';
import { type Answered, countRequest, logRequest } from './request-log.ts';

/** An app for everything outside the formats' endpoints, such as the management API. */
export type OtherApp = (request: Request, call: Call) => Response | Promise<Response>;

/** How requests are routed to the app that answers them. */
interface Routing {
  readonly readAddress: ReadAddress;
  readonly apps: ReadonlyMap<string, FormatApp>;
  readonly other: OtherApp;
}

/**
 * The whole registry as one function from request to response, for every host. Requests below a mount of a format
 * go to that format, all others to `other`.
 */
export function registryApp(registry: Registry, formats: readonly Format[], other: OtherApp): App {
  const apps = new Map<string, FormatApp>(formats.map((format) => [format.id, formatApp(format)]));
  const routing: Routing = { readAddress: addressReader(formats), apps, other };
  return async (request, host) => {
    const started = performance.now();
    const requestId = host.requestId ?? randomUUID();
    const { clientAddress } = host;
    const trace = newTrace();
    const address = routing.readAddress(pathOf(request.url));
    const format = address && apps.get(address.format)?.format;
    const headers = corsHeaders(request, registry.settings, format?.exposedHeaders);
    const call: Call = {
      registry,
      requestId,
      trace,
      clientAddress,
      body: host.body,
      ...(headers && { headers }),
    };
    const response = await answer(request, address, call, routing);
    const facts: Answered = { address, status: response.status, milliseconds: performance.now() - started };
    logRequest(request, call, facts);
    countRequest(request, call, facts);
    return response;
  };
}

async function answer(
  request: Request,
  address: FormatAddress | undefined,
  call: Call,
  { apps, other }: Routing,
): Promise<Response> {
  try {
    const preflight = preflightHeaders(request, call.headers);
    if (preflight) return reply({ env: call }, 204, null, preflight);
    const app = address && apps.get(address.format);
    return await (app ? app.handle(request, { ...call, address, format: app.format }) : other(request, call));
  } catch (error) {
    return renderError({ env: call }, error);
  }
}
