import type { Principal, Project } from '../../domain/accounts.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { entityOf, type NamedEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { isWithin, type NameScope, partitionOf } from './name-scope.ts';
import { wordsOf } from './search-words.ts';

/** What to look for, and where. */
export interface PackageSearch {
  readonly format: string;
  /** Names that hold each word of the text are found; without a word in it, every name. */
  readonly text: string;
  readonly within: NameScope;
  readonly principal: Principal;
  /** Whether a project's packages of a name count; all do unless told. */
  readonly belongs?: (project: Project, name: string) => boolean;
}

/** A name found, in a project whose packages the caller may pull. */
export interface SearchHit {
  readonly project: Project;
  readonly name: string;
}

/** The most names a search answers, and the most index entries it reads for them. */
const MAX_HITS = 250;
const MAX_SCANNED = 5000;

/** From how many words of a text a search may start, one after the other. */
const MAX_STARTS = 4;

/**
 * The names that match a text, those that start with it first, each once: when several projects hold a name, the
 * oldest that the caller may read counts. What the caller may not see leaves no trace.
 *
 * One word of the text must begin a part of the name, the others may be anywhere in it: names are looked for by the
 * longest word, and by the next one when that finds none.
 */
export async function searchPackages(registry: Registry, search: PackageSearch): Promise<SearchHit[]> {
  const words = [...new Set(wordsOf(search.text))].sort((a, b) => b.length - a.length);
  let hits: readonly SearchHit[] = [];
  for (const word of words.length > 0 ? words.slice(0, MAX_STARTS) : ['']) {
    hits = await hitsFrom(registry, search, words, word);
    if (hits.length > 0) break;
  }
  const start = search.text.toLowerCase();
  const ranked = [...hits].sort((a, b) => rank(a, start) - rank(b, start) || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, MAX_HITS);
}

/** The names of which a part begins with one word and that hold all of them. */
async function hitsFrom(
  registry: Registry,
  search: PackageSearch,
  words: readonly string[],
  word: string,
): Promise<SearchHit[]> {
  const hits = new Map<string, SearchHit>();
  const projects = new Map<number, Project | undefined>();
  let scanned = 0;
  for await (const page of queryPages(registry.table, ranges.words(partitionOf(search.within), word))) {
    const entries = page
      .map((item) => entityOf<NamedEntry>(item))
      .filter((entry) => matches(entry, search, words));
    await readProjects(registry, search.principal, entries, projects, (project) => project);
    for (const { projectId, name } of entries) {
      const project = projects.get(projectId);
      const known = hits.get(name);
      if (project && search.belongs?.(project, name) === false) continue;
      if (project && (!known || project.id < known.project.id)) hits.set(name, { project, name });
    }
    scanned += page.length;
    if (hits.size >= MAX_HITS || scanned >= MAX_SCANNED) break;
  }
  return [...hits.values()];
}

function matches(entry: NamedEntry, { format, within }: PackageSearch, words: readonly string[]): boolean {
  if (entry.format !== format || !isWithin(entry, within)) return false;
  const name = entry.name.toLowerCase();
  return words.every((word) => name.includes(word));
}

function rank({ name }: SearchHit, start: string): number {
  const lower = name.toLowerCase();
  if (lower === start) return 0;
  return lower.startsWith(start) || lower.includes(`/${start}`) ? 1 : 2;
}
