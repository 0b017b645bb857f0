import type { IncomingMessage } from 'node:http';
import { accountRoutes, familyRoutes, managementRoutes } from '../../lib/routes.ts';
import { families } from '../../services/catalog.ts';
import { decodePath } from './gateway-simulator-event.ts';

/** A Lambda handler, as the runtime calls it. */
// biome-ignore lint/suspicious/noExplicitAny: each handler has its own type of event; it gets what a gateway sends
export type LambdaHandler = (event: any, context: any) => unknown;

/** The form of a path that routes are matched against. */
export type RouteRule = 'encoded' | 'decoded';

/** The route a request takes. */
export interface Route {
  readonly key: string;
  readonly handler: LambdaHandler;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The most specific route: a full match before a greedy one, more fixed segments before fewer, `$default` last. */
export function matchRoute(
  request: IncomingMessage,
  options: { handler?: LambdaHandler; routes?: Readonly<Record<string, LambdaHandler>>; routeBy?: RouteRule },
): Route | undefined {
  const path = request.url?.split('?', 1)[0] ?? '/';
  const subject = options.routeBy === 'encoded' ? path : decodePath(path, 'decoded');
  const candidates = Object.entries(options.routes ?? {}).flatMap(([key, handler]) => {
    const [method, pattern = ''] = key.split(' ', 2);
    if (method !== 'ANY' && method !== request.method) return [];
    const found = patternOf(pattern).exec(`/${subject.replace(/^\/+/, '')}`);
    return found ? [{ key, handler, parameters: { ...found.groups }, rank: rankOf(pattern) }] : [];
  });
  candidates.sort((a, b) => b.rank - a.rank);
  const fallback = options.handler && { key: '$default', handler: options.handler, parameters: {} };
  return candidates[0] ?? fallback;
}

/**
 * The routes of the API stack, with the function of each entry from `load`; the router is on `$default`. `more` are
 * entries with their routes that the stack does not have.
 */
export async function stackRoutes(
  load: (entry: string) => Promise<LambdaHandler>,
  more: readonly (readonly [entry: string, routes: readonly string[]])[] = [],
) {
  const own = families.map((family) => [family, familyRoutes(family)] as const);
  const paths = new Map<string, readonly string[]>([
    ...own,
    ['api', managementRoutes],
    ['router', accountRoutes],
    ...more,
  ]);
  const routes: Record<string, LambdaHandler> = {};
  for (const [entry, of] of paths) {
    const handler = await load(entry);
    for (const path of of) routes[`ANY ${path}`] = handler;
  }
  return { routes, handler: await load('router') };
}

const patterns = new Map<string, RegExp>();

/** The expression that paths of a route match; made once. */
function patternOf(route: string): RegExp {
  const pattern = patterns.get(route) ?? compilePattern(route);
  patterns.set(route, pattern);
  return pattern;
}

function compilePattern(pattern: string): RegExp {
  const source = pattern
    .replace(/[.*?^$()[\]\\|]/g, '\\$&')
    .replace(/\{(\w+)\+\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}$`, 's');
}

function rankOf(pattern: string): number {
  const fixed = pattern.split('/').filter((segment) => segment && !segment.startsWith('{')).length;
  return fixed + (pattern.includes('+}') ? 0 : 1000);
}
