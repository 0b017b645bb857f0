import { Hono } from 'hono';
import { RegistryError } from '../../domain/errors.ts';
import { renderError } from '../answer/render-error.ts';
import type { Format, FormatCall, FormatEnv } from './format.ts';

/** A format ready to answer. */
export interface FormatApp {
  readonly format: Format;
  handle(request: Request, call: FormatCall): Response | Promise<Response>;
}

/** Makes the app of a format: its routes match the part of the path after the format's name. */
export function formatApp(format: Format): FormatApp {
  const app = new Hono<FormatEnv>({
    getPath: (_request, options) => pathIn(format, options?.env as FormatCall),
  });
  format.routes(app);
  app.notFound((c) => renderError(c, new RegistryError('routeNotFound'), format));
  app.onError((error, c) => renderError(c, error, format));
  return {
    format,
    handle(request, call) {
      const headers = format.headers?.(request, call);
      return app.fetch(request, headers ? { ...call, headers } : call);
    },
  };
}

function pathIn(format: Format, call: FormatCall): string {
  return format.canonicalPath ? format.canonicalPath(call.address.path) : call.address.path;
}
