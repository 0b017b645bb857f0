/** What a caller finds at an endpoint without naming one package: searches and lists. */
import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { Access } from '../access/open-access.ts';
import { requireVisibleGroup } from '../access/visible-group.ts';
import type { Registry } from '../context.ts';
import { readHeads } from '../packages/read-versions.ts';
import { type AliasedFile, findAliased } from './find-aliased.ts';
import { findNames } from './find-names.ts';
import { listNames } from './list-names.ts';
import { type PackageQuery, type SearchHit, searchPackages } from './search-packages.ts';

/** Where a caller looks: in the project or group of its request, or in the whole instance. */
function queryOf({ format, project, group, principal }: Access): PackageQuery {
  return { format, principal, within: project ? { project } : group ? { group } : 'instance' };
}

/** The names that match a text, as far as the caller may pull them. @throws RegistryError as `requireVisibleGroup` does */
export async function searchVisible(registry: Registry, access: Access, text: string): Promise<SearchHit[]> {
  return checked(registry, access, await searchPackages(registry, queryOf(access), text));
}

/** The packages of exactly these names, as `searchVisible` finds those that match; in a project, whether there or not. */
export async function findVisible(
  registry: Registry,
  access: Access,
  names: readonly string[],
): Promise<SearchHit[]> {
  return checked(registry, access, await findNames(registry, queryOf(access), names));
}

/** A group in which nothing was found must be one that the caller may see. */
async function checked(registry: Registry, { group, principal }: Access, hits: SearchHit[]) {
  if (hits.length === 0 && group) await requireVisibleGroup(registry, principal, group);
  return hits;
}

/**
 * Every name of the format that the caller may pull, some at a time and in order.
 * @throws RegistryError before the first, when there is none and something may be hidden from the caller
 */
export async function listVisible(
  registry: Registry,
  access: Access,
): Promise<AsyncIterable<readonly string[]>> {
  const { format, ...query } = queryOf(access);
  const pages = listNames(registry, { ...query, format: format.id });
  const first = await pages.next();
  if (first.done) await requireNothingHidden(registry, access);
  return joined(first.done ? [] : first.value, pages);
}

async function* joined(first: readonly string[], rest: AsyncIterable<readonly string[]>) {
  yield first;
  yield* rest;
}

/**
 * Makes sure that nothing found may be answered so: a group must be one that the caller may see, and in the instance a
 * login may help.
 * @throws RegistryError what a missing group gives, or `unauthenticated`
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

/** The files that have an alias, as `findAliased` finds them. */
export function aliasedFiles<M>(
  registry: Registry,
  access: Access,
  alias: string,
): AsyncGenerator<AliasedFile<M>> {
  const { format, ...query } = queryOf(access);
  return findAliased<M>(registry, { ...query, format: format.id, alias });
}

/** The heads of the packages that a search found: those of one name together, in the order of their projects. */
export async function headsOf(
  registry: Registry,
  { id: format }: Access['format'],
  hits: readonly SearchHit[],
): Promise<PackageHead[][]> {
  const refs = hits.flatMap(({ projects, name }) =>
    projects.map((project) => ({ projectId: project.id, format, name })),
  );
  const heads = (await readHeads(registry, refs)).filter((head) => head !== undefined);
  return [...Map.groupBy(heads, ({ name }) => name).values()];
}
