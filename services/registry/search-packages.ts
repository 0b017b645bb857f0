import type { Group, Principal, Project } from '../domain/accounts.ts';
import type { Item } from '../ports/table.ts';
import { effectiveLevelOf, projectMemberKeys } from './access-levels.ts';
import { authorizeProject } from './authorize.ts';
import type { Registry } from './context.ts';
import { entityOf, maybeEntity, type NameEntry } from './entities.ts';
import { keys, ranges, type SearchScope } from './keys.ts';
import { queryPages } from './query-all.ts';
import { readMany } from './read-many.ts';
import { wordsOf } from './search-words.ts';

/** What to look for, and where. */
export interface PackageSearch {
  readonly format: string;
  /** Names that hold each word of the text are found; without a word in it, every name. */
  readonly text: string;
  readonly within: { readonly project: Project } | { readonly group: Group } | 'instance';
  readonly principal: Principal;
}

/** A name found, in a project whose packages the caller may pull. */
export interface SearchHit {
  readonly project: Project;
  readonly name: string;
}

interface WordEntry extends NameEntry {
  readonly format: string;
  readonly name: string;
}

/** The most names a search answers, and the most index entries it reads for them. */
const MAX_HITS = 250;
const MAX_SCANNED = 5000;

/**
 * The names that match a text, those that start with it first, each once: when several projects hold a name, the
 * oldest that the caller may read counts. What the caller may not see leaves no trace.
 */
export async function searchPackages(registry: Registry, search: PackageSearch): Promise<SearchHit[]> {
  const words = wordsOf(search.text);
  const longest = words.reduce((best, word) => (word.length > best.length ? word : best), '');
  const hits = new Map<string, SearchHit>();
  const projects = new Map<number, Project | undefined>();
  let scanned = 0;
  for await (const page of queryPages(registry.table, ranges.words(scopeOf(search.within), longest))) {
    const entries = page
      .map((item) => entityOf<WordEntry>(item))
      .filter((entry) => matches(entry, search, words));
    await readProjects(registry, search.principal, entries, projects);
    for (const { projectId, name } of entries) {
      const project = projects.get(projectId);
      const known = hits.get(name);
      if (project && (!known || project.id < known.project.id)) hits.set(name, { project, name });
    }
    scanned += page.length;
    if (hits.size >= MAX_HITS || scanned >= MAX_SCANNED) break;
  }
  const start = search.text.toLowerCase();
  return [...hits.values()].sort((a, b) => rank(a, start) - rank(b, start) || (a.name < b.name ? -1 : 1));
}

function scopeOf(within: PackageSearch['within']): SearchScope {
  if (within === 'instance') return within;
  if ('project' in within) return { kind: 'project', id: within.project.id };
  return { kind: 'group', id: within.group.ancestors[0] ?? within.group.id };
}

function matches(entry: WordEntry, { format, within }: PackageSearch, words: readonly string[]): boolean {
  if (entry.format !== format) return false;
  if (within !== 'instance' && 'group' in within && !entry.ancestors.includes(within.group.id)) return false;
  const name = entry.name.toLowerCase();
  return words.every((word) => name.includes(word));
}

/** Reads the projects of entries that are not known yet: undefined stays for those the caller may not pull from. */
async function readProjects(
  registry: Registry,
  principal: Principal,
  entries: readonly NameEntry[],
  known: Map<number, Project | undefined>,
): Promise<void> {
  const unknown = [...new Map(entries.map((entry) => [entry.projectId, entry])).values()].filter(
    ({ projectId }) => !known.has(projectId),
  );
  const wanted = unknown.map(({ projectId, ancestors }) => [
    keys.project(projectId),
    ...(principal.kind === 'user' ? projectMemberKeys({ id: projectId, ancestors }, principal.user.id) : []),
  ]);
  const items = await readMany(registry.table, wanted.flat());
  let position = 0;
  for (const [index, { projectId }] of unknown.entries()) {
    const length = wanted[index]?.length ?? 0;
    known.set(projectId, allowed(registry, principal, items.slice(position, position + length)));
    position += length;
  }
}

function allowed(
  registry: Registry,
  principal: Principal,
  [item, ...memberships]: readonly (Item | undefined)[],
): Project | undefined {
  const project = maybeEntity<Project>(item);
  if (!project) return undefined;
  const level = effectiveLevelOf(memberships, registry.clock.now());
  return authorizeProject('pull', principal, project, level) === 'allow' ? project : undefined;
}

function rank({ name }: SearchHit, start: string): number {
  const lower = name.toLowerCase();
  if (lower === start) return 0;
  return lower.startsWith(start) || lower.includes(`/${start}`) ? 1 : 2;
}
