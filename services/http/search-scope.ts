import { badRequest } from '../domain/errors.ts';
import { findNames } from '../registry/packages/find-names.ts';
import { type SearchHit, searchPackages } from '../registry/packages/search-packages.ts';
import type { FormatContext } from './guard.ts';
import type { Scope } from './scope.ts';
import { requireVisibleGroup } from './visible-group.ts';

/** The longest text that is looked for; what follows is left out. */
const MAX_TEXT = 200;

/**
 * The names of the format that match a text at the asked level, as far as the caller may pull them. A group without a
 * hit must be one that the caller may see.
 */
export async function searchScope(c: FormatContext, scope: Scope, text: string): Promise<SearchHit[]> {
  const wanted = text.trim().slice(0, MAX_TEXT);
  return visibly(c, scope, await searchPackages(c.env.registry, { ...placeOf(c, scope), text: wanted }));
}

/** The packages of exactly these names, as `searchScope` finds those that match; in a project, whether there or not. */
export async function findInScope(
  c: FormatContext,
  scope: Scope,
  names: readonly string[],
): Promise<SearchHit[]> {
  return visibly(c, scope, await findNames(c.env.registry, placeOf(c, scope), names));
}

/** Where a request looks for packages, and for whom. */
export function placeOf(c: FormatContext, { project, group, principal }: Scope) {
  const within = project ? { project } : group ? { group } : 'instance';
  return { format: c.env.address.format, within, principal } as const;
}

async function visibly(
  { env: { registry } }: FormatContext,
  { group, principal }: Scope,
  hits: SearchHit[],
): Promise<SearchHit[]> {
  if (hits.length === 0 && group) await requireVisibleGroup(registry, principal, group);
  return hits;
}

/** A number of the query, at most `most`; without one, or with an empty one, `usual`. */
export function queryNumber(c: FormatContext, name: string, usual: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined || text === '') return usual;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name} must be a number`);
  return Math.min(Number(text), most);
}
