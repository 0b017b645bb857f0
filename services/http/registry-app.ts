import { randomUUID } from 'node:crypto';
import { badRequest } from '../domain/errors.ts';
import { newTrace } from '../domain/request-trace.ts';
import type { Registry } from '../registry/context.ts';
import { hasDotSegment } from '../shared/headers/dot-segments.ts';
import { corsHeaders, preflightHeaders } from './answer/cors.ts';
import { renderError } from './answer/render-error.ts';
import { reply } from './answer/reply.ts';
import type { App, Call } from './call.ts';
import { addressReader, pathOf, type ReadAddress } from './format/address.ts';
import type { Format, FormatCall } from './format/format.ts';
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
    // A request has the path with dot segments resolved, which may be that of another package or of a project.
    const sent = host.path !== undefined && hasDotSegment(host.path) ? host.path : undefined;
    const address = routing.readAddress(sent ?? pathOf(request.url));
    const app = address && apps.get(address.format);
    const headers = corsHeaders(request, registry.settings, app?.format.exposedHeaders);
    const call: Call = {
      registry,
      requestId,
      trace,
      clientAddress,
      body: host.body,
      ...(headers && { headers }),
    };
    const target = app && { app, call: { ...call, address, format: app.format } };
    const response =
      sent === undefined ? await answer(request, target, call, routing.other) : refuse(request, target, call);
    const facts: Answered = { address, status: response.status, milliseconds: performance.now() - started };
    logRequest(request, call, facts);
    countRequest(request, call, facts);
    return response;
  };
}

/** The format that a request is for. */
interface Target {
  readonly app: FormatApp;
  readonly call: FormatCall;
}

/** Refuses a path with dot segments. */
function refuse(request: Request, target: Target | undefined, call: Call): Response {
  const error = badRequest('Bad Request - the path has a segment "." or ".."');
  return target ? target.app.refuse(request, target.call, error) : renderError({ env: call }, error);
}

async function answer(
  request: Request,
  target: Target | undefined,
  call: Call,
  other: OtherApp,
): Promise<Response> {
  try {
    const preflight = preflightHeaders(request, call.headers);
    if (preflight) return reply({ env: call }, 204, null, preflight);
    return await (target ? target.app.handle(request, target.call) : other(request, call));
  } catch (error) {
    return renderError({ env: call }, error);
  }
}
