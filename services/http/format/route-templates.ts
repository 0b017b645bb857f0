import type { Context, Env, Handler, Hono } from 'hono';
import type { Call } from '../call.ts';

/** The parts of a route's path that match parameters by an expression: `{.+}`. */
const expression = /\{(?:[^{}]|\{[^{}]*\})*\}/g;

/**
 * Adds the routes of `declared` to `app`, with handlers that note the template of the matched route in the
 * request's trace. `templateOf` gives the whole template, from the path of the route without its expressions.
 */
export function addNotingRoutes<E extends Env & { Bindings: Call }>(
  app: Hono<E>,
  declared: Hono<E>,
  templateOf: (path: string, call: E['Bindings']) => string,
): void {
  for (const { method, path, handler } of declared.routes) {
    const plain = path.replaceAll(expression, '');
    const inner = handler as Handler<E>;
    app.on(method, path, (c: Context<E>, next) => {
      c.env.trace.route = templateOf(plain, c.env);
      return inner(c, next);
    });
  }
}
