import { type Context, Hono } from 'hono';
import type { RegistryError } from '../../domain/errors.ts';
import { nameMethods, noRoute } from '../answer/allowed-methods.ts';
import { type Dialect, renderError } from '../answer/render-error.ts';
import type { Format, FormatCall, FormatEnv, FormatRoutes } from './format.ts';
import { addNotingRoutes } from './route-templates.ts';

/** A format that is ready to handle requests. */
export interface FormatApp {
  readonly format: Format;
  handle(request: Request, call: FormatCall): Response | Promise<Response>;
  /** Answers a request with an error, in the dialect of the format. */
  refuse(request: Request, call: FormatCall, error: RegistryError): Response;
}

/**
 * Creates the app of a format. Its routes match the part of the path after the mount.
 * @throws Error when a mount names routes that the format does not have
 */
export function formatApp(format: Format): FormatApp {
  const main = routesApp(format, format.routes);
  const more = new Map<string | undefined, Hono<FormatEnv>>();
  for (const { routes, path } of format.mounts) {
    if (routes === undefined || more.has(routes)) continue;
    const add = format.moreRoutes?.[routes];
    if (!add) throw new Error(`${format.id} has no routes ${routes} for ${path}`);
    more.set(routes, routesApp(format, add));
  }
  return {
    format,
    handle(request, call) {
      const app = more.get(call.address.routes) ?? main;
      return app.fetch(request, withHeaders(format, request, call));
    },
    refuse(request, call, error) {
      return renderError(
        { env: withHeaders(format, request, call) },
        error,
        dialectOf(format, request, call),
      );
    },
  };
}

/** The call with the headers that the format adds to every response. */
function withHeaders(format: Format, request: Request, call: FormatCall): FormatCall {
  const headers = format.headers?.(request, call);
  return headers ? { ...call, headers: { ...call.headers, ...headers } } : call;
}

function routesApp(format: Format, addRoutes: (app: FormatRoutes) => void): Hono<FormatEnv> {
  const app = new Hono<FormatEnv>({
    getPath: (_request, options) => pathIn(format, options?.env as FormatCall),
  });
  const declared = new Hono<FormatEnv>();
  addRoutes(declared);
  addNotingRoutes(app, declared, templateOf);
  const fail = (c: Context<FormatEnv>, error: unknown) =>
    nameMethods(
      renderError(c, error, dialectOf(format, c.req.raw, c.env)),
      app,
      pathIn(format, c.env),
      c.req.method,
    );
  app.notFound((c) => fail(c, noRoute(app, pathIn(format, c.env), c.req.method)));
  app.onError((error, c) => fail(c, error));
  return app;
}

/** The whole template of a route: that of the mount, and the route's own. */
function templateOf(path: string, { address }: FormatCall): string {
  return path === '/' ? address.template : address.template + path;
}

function dialectOf({ challenge, renderError }: Format, request: Request, call: FormatCall): Dialect {
  return {
    ...(renderError && { renderError }),
    challenge: (error) => (typeof challenge === 'string' ? challenge : challenge(request, call, error)),
  };
}

function pathIn(format: Format, call: FormatCall): string {
  return format.canonicalPath ? format.canonicalPath(call.address.path) : call.address.path;
}
