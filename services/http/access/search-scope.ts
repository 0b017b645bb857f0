import type { Project } from '../../domain/accounts.ts';
import { badRequest } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import { maybeEntity } from '../../registry/records/entities.ts';
import { keys } from '../../registry/records/keys.ts';
import { readMany } from '../../registry/records/read-many.ts';
import { findNames } from '../../registry/search/find-names.ts';
import { type PackageSearch, type SearchHit, searchPackages } from '../../registry/search/search-packages.ts';
import type { FormatContext } from './guard.ts';
import { isInOwnNamespace, type Scope } from './scope.ts';
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
export function placeOf(c: FormatContext, { project, group, principal }: Scope): Omit<PackageSearch, 'text'> {
  const { format, address } = c.env;
  if (project) return { format: address.format, within: { project }, principal };
  if (group) return { format: address.format, within: { group }, principal };
  const belongs = (found: Project, name: string) => isInOwnNamespace(format, name, found);
  return { format: address.format, within: 'instance', principal, belongs };
}

async function visibly(
  { env: { registry } }: FormatContext,
  { group, principal }: Scope,
  hits: SearchHit[],
): Promise<SearchHit[]> {
  if (hits.length === 0 && group) await requireVisibleGroup(registry, principal, group);
  return hits;
}

/** The packages that were found, without those that have gone since. */
export async function headsOf(
  { env: { registry, address } }: FormatContext,
  hits: readonly SearchHit[],
): Promise<PackageHead[]> {
  const { format } = address;
  const refs = hits.map(({ project, name }) => ({ projectId: project.id, format, name }));
  const heads = await readMany(registry.table, refs.map(keys.head));
  return heads.flatMap((item) => maybeEntity<PackageHead>(item) ?? []);
}

/** A number of the query, at most `most`; without one, or with an empty one, `usual`. */
export function queryNumber(c: FormatContext, name: string, usual: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined || text === '') return usual;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name} must be a number`);
  return Math.min(Number(text), most);
}
