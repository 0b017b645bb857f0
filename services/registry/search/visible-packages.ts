/** Searches and lists at an endpoint, limited to what the caller may see. */

import { RegistryError } from '../../domain/errors.ts';
import type { PackageName } from '../../domain/names.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { Access } from '../access/open-access.ts';
import { requireVisibleGroup } from '../access/visible-group.ts';
import type { Registry } from '../context.ts';
import type { HeldPackage } from '../packages/held-package.ts';
import { byTimeHeld } from '../packages/precedence.ts';
import { readHeads } from '../packages/read-versions.ts';
import { type AliasedFile, findAliased } from './find-aliased.ts';
import { findNames } from './find-names.ts';
import { listNames } from './list-names.ts';
import { type PackageQuery, type SearchHit, type SearchResult, searchPackages } from './search-packages.ts';

/** Searches in the project or group of the request, or in the whole instance. */
function queryOf({ format, project, group, principal }: Access): PackageQuery {
  return { format, principal, within: project ? { project } : group ? { group } : 'instance' };
}

/**
 * The names that match a text and that the caller may pull.
 * @param most the most names to return
 * @throws RegistryError as `requireVisibleGroup` does.
 */
export async function searchVisible(
  registry: Registry,
  access: Access,
  text: string,
  most?: number,
): Promise<SearchResult> {
  const { hits, complete } = await searchPackages(registry, queryOf(access), text, most);
  return { hits: await inOrder(registry, access, hits), complete };
}

/** Like `searchVisible`, for exactly these names; see `findNames`. */
export async function findVisible(
  registry: Registry,
  access: Access,
  names: readonly PackageName[],
): Promise<SearchResult> {
  const hits = await inOrder(registry, access, await findNames(registry, queryOf(access), names));
  return { hits, complete: true };
}

/**
 * Returns the hits, each with the project first that has held the name for longest, as indexes have them. If a group
 * has no hits, requires that the caller may see the group.
 */
async function inOrder(
  registry: Registry,
  { format, group, principal }: Access,
  hits: readonly SearchHit[],
): Promise<SearchHit[]> {
  if (hits.length === 0 && group) await requireVisibleGroup(registry, principal, group);
  const shared = hits.filter(({ projects }) => projects.length > 1);
  const heads = new Map<string, PackageHead>();
  for (const head of (await headsOf(registry, format, shared)).flatMap((held) => held.heads)) {
    heads.set(`${head.projectId} ${head.name}`, head);
  }
  return hits.map(({ name, projects, withheld }) => ({
    name,
    withheld,
    projects: byTimeHeld(projects, ({ id }) => heads.get(`${id} ${name}`)),
  }));
}

/**
 * Every name of the format that the caller may pull, in order, page by page.
 * @throws RegistryError before the first page, if there are no names and something may be hidden from the caller.
 */
export async function listVisible(
  registry: Registry,
  access: Access,
): Promise<AsyncIterable<readonly PackageName[]>> {
  const pages = listNames(registry, queryOf(access));
  const first = await pages.next();
  if (first.done) await requireNothingHidden(registry, access);
  return joined(first.done ? [] : first.value, pages);
}

async function* joined(first: readonly PackageName[], rest: AsyncIterable<readonly PackageName[]>) {
  yield first;
  yield* rest;
}

/**
 * Requires that an empty result may be reported: in a group, the caller must be able to see it; at instance
 * level, the caller must be authenticated, unless clients of the format send credentials with their first
 * request.
 * @throws RegistryError the error of a missing group, or `unauthenticated`.
 */
export async function requireNothingHidden(
  registry: Registry,
  { format, project, group, principal }: Access,
): Promise<void> {
  if (group) return requireVisibleGroup(registry, principal, group);
  if (!project && principal.kind === 'anonymous' && !format.credentialsFirst) {
    throw new RegistryError('unauthenticated');
  }
}

/** The files that have an alias; see `findAliased`. */
export function aliasedFiles<M>(
  registry: Registry,
  access: Access,
  alias: string,
): AsyncGenerator<AliasedFile<M>> {
  return findAliased<M>(registry, { ...queryOf(access), alias });
}

/** The packages found by a search, with their heads in the order of their projects. One round trip. */
export async function headsOf(
  registry: Registry,
  { id: format }: Pick<Access['format'], 'id'>,
  hits: readonly SearchHit[],
): Promise<HeldPackage[]> {
  const refs = hits.flatMap(({ projects, withheld, name }) =>
    [...projects.map(({ id }) => id), ...withheld].map((projectId) => ({ projectId, format, name })),
  );
  const found = (await readHeads(registry, refs)).filter((head) => head !== undefined);
  const byName = Map.groupBy(found, ({ name }) => name);
  return hits.flatMap(({ name, withheld }) => {
    const held = byName.get(name) ?? [];
    const isWithheld = ({ projectId }: PackageHead) => withheld.includes(projectId);
    const heads = held.filter((head) => !isWithheld(head));
    return heads.length === 0 ? [] : [{ heads, withheld: held.filter(isWithheld) }];
  });
}
