import type { Env, Hono } from 'hono';
import { RegistryError } from '../../domain/errors.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The methods of an app's routes at a path, apart from `method`. HEAD is answered wherever GET is. */
function otherMethods<E extends Env>(app: Hono<E>, path: string, method: string): string[] {
  const found = methods.filter((each) => app.router.match(each, path)[0].length > 0);
  const all = found.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : each));
  return all.filter((each) => each !== method);
}

/** The error for a request that no route handles: the path is unknown, or it has other methods. */
export function noRoute<E extends Env>(app: Hono<E>, path: string, method: string): RegistryError {
  const known = otherMethods(app, path, method).length > 0;
  return new RegistryError(known ? 'methodNotAllowed' : 'routeNotFound');
}

/** Adds the methods that a path has to a 405, which must name them (RFC 9110 section 15.5.6). */
export function nameMethods<E extends Env>(
  response: Response,
  app: Hono<E>,
  path: string,
  method: string,
): Response {
  if (response.status === 405) response.headers.set('allow', otherMethods(app, path, method).join(', '));
  return response;
}
