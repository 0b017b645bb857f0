import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { accountRoutes, familyRoutes, managementRoutes, mountRoutes } from '../../../lib/routes.ts';
import { catalog, families, packageMounts } from '../../../services/catalog.ts';
import { addressReader } from '../../../services/http/format/address.ts';
import { type LambdaHandler, matchRoute } from '../../kit/gateway-simulator-routes.ts';
import { toy } from '../../kit/toy-format/format.ts';

describe('the routes of a mount', () => {
  test('match the paths below it, and its own path if it has no owner', () => {
    expect(packageMounts('go').flatMap(mountRoutes)).toEqual([
      '/api/v4/projects/{id}/packages/go/{proxy+}',
      '/api/v4/groups/{id}/-/packages/go/{proxy+}',
      '/api/v4/packages/go',
      '/api/v4/packages/go/{proxy+}',
    ]);
    expect(mountRoutes({ level: 'instance', path: '/v2' })).toEqual(['/v2', '/v2/{proxy+}']);
  });
});

/** The functions and their routes: one per family, `toy2` and `api`. All other paths go to `router`. */
const functions = new Map<string, readonly string[]>([
  ...families.map((family) => [family, familyRoutes(family)] as const),
  [toy.id, toy.mounts.flatMap(mountRoutes)],
  ['api', managementRoutes],
  ['router', accountRoutes],
]);
const handlers = new Map<LambdaHandler, string>();
const routes: Record<string, LambdaHandler> = {};
for (const [name, paths] of functions) {
  const handler: LambdaHandler = () => name;
  handlers.set(handler, name);
  for (const path of paths) routes[`ANY ${path}`] = handler;
}

function routed(url: string): string {
  const route = matchRoute({ url, method: 'GET' } as IncomingMessage, { routes });
  return (route && handlers.get(route.handler)) ?? 'router';
}

const readAddress = addressReader([...catalog, toy]);

/** The function of the format that the registry itself finds in a path, or `api`. */
function expectedFunction(path: string): string {
  const format = readAddress(path)?.format;
  if (format === toy.id) return toy.id;
  return catalog.find(({ id }) => id === format)?.family ?? 'api';
}

/** Pseudo-random numbers that are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each(['/api/v4/projects/7/packages', '/api/v4/groups/7/-/packages', '/api/v4/packages'])(
  'the gateway routes a logout below %s to the router, since functions of formats may not change tokens',
  (mount) => {
    expect(routed(`${mount}/npm/-/user/token/abc`)).toBe('router');
    expect(routed(`${mount}/npm/-/user/org.couchdb.user:a`)).toBe('js');
  },
);

test('the gateway routes every path to the function of its format or to the router', () => {
  const heads = [
    '/api/v4/projects',
    '/api/v4/groups',
    '/api/v4/packages',
    '/api/v4',
    '/toy2/p',
    '/toy2',
    '/.well-known',
    '',
  ];
  const words = ['7', 'a', 'packages', '-', 'npm', 'generic', 'nuget', 'files', 'toy2', 'projects', 'user'];
  const next = numbers(7);
  const seen = new Map<string, number>();
  for (let n = 0; n < 20_000; n++) {
    const tail = Array.from({ length: 1 + next(7) }, () => words[next(words.length)]);
    const path = [heads[next(heads.length)], ...tail].join('/') + (next(8) === 0 ? '/' : '');
    const by = routed(path);
    if (by !== 'router') expect([path, by]).toEqual([path, expectedFunction(path)]);
    seen.set(by, (seen.get(by) ?? 0) + 1);
  }
  for (const name of ['router', 'api', 'js', 'files', 'dotnet', 'toy2']) {
    expect([name, seen.get(name)]).toEqual([name, expect.any(Number)]);
  }
});
