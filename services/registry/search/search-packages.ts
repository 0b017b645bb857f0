import type { Principal, Project } from '../../domain/accounts.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageName } from '../../domain/names.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { entityOf, type NamedEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { owningNames } from './owning-names.ts';
import { wordsOf } from './search-words.ts';
import { isWithin, partitionOf, type Within } from './within.ts';

/** Where to search for packages of a format, and for whom. */
export interface PackageQuery {
  readonly format: FormatRules;
  readonly within: Within;
  readonly principal: Principal;
}

/** A matching name, with projects whose packages the caller may pull. */
export interface SearchHit {
  readonly name: PackageName;
  /** At most `MAX_PROJECTS`, in no order: `inOrder` sorts them. */
  readonly projects: readonly Project[];
}

/** The most projects that are kept for one name. */
const MAX_PROJECTS = 10;

/** Collects hits by name while projects that hold the names are found. */
export class Hits {
  readonly #projects = new Map<PackageName, Project[]>();

  get size(): number {
    return this.#projects.size;
  }

  add(name: PackageName, project: Project): void {
    const projects = this.#projects.get(name) ?? [];
    if (projects.some(({ id }) => id === project.id)) return;
    const sorted = [...projects, project].sort((a, b) => a.id - b.id);
    this.#projects.set(name, sorted.slice(0, MAX_PROJECTS));
  }

  all(): SearchHit[] {
    return [...this.#projects].map(([name, projects]) => ({ name, projects }));
  }
}

/** The most names a search returns, and the most index entries it reads. */
const MAX_HITS = 250;
const MAX_SCANNED = 5000;

/** The most words of a text by which the index is searched, one after the other. */
const MAX_STARTS = 4;

/** The most characters of a search text; the rest is ignored. */
const MAX_TEXT = 200;

/**
 * The names that contain every word of a text, or all names if it has no words. Each name is returned once;
 * names that start with the text come first. Packages hidden from the caller do not affect the result.
 *
 * One word of the text must be a prefix of a part of the name; the others may be anywhere in it. The index is
 * searched by the longest word first, and by the next one if that finds nothing.
 */
export async function searchPackages(
  registry: Registry,
  query: PackageQuery,
  text: string,
): Promise<SearchHit[]> {
  const searchText = text.trim().slice(0, MAX_TEXT);
  const words = [...new Set(wordsOf(searchText))].sort((a, b) => b.length - a.length);
  let hits: readonly SearchHit[] = [];
  for (const word of words.length > 0 ? words.slice(0, MAX_STARTS) : ['']) {
    hits = await hitsFrom(registry, query, words, word);
    if (hits.length > 0) break;
  }
  const start = searchText.toLowerCase();
  const ranked = [...hits].sort((a, b) => rank(a, start) - rank(b, start) || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, MAX_HITS);
}

/** The names that contain all words and have a part that starts with `word`. */
async function hitsFrom(
  registry: Registry,
  query: PackageQuery,
  words: readonly string[],
  word: string,
): Promise<SearchHit[]> {
  const hits = new Hits();
  const projects = new Map<number, Project | undefined>();
  let scanned = 0;
  for await (const page of queryPages(registry.table, rangeOf(query, word))) {
    const entries = page
      .map((item) => entityOf<NamedEntry>(item))
      .filter((entry) => matches(entry, query, words));
    const [serves] = await Promise.all([
      owningNames(registry, query.format, query.within, entries),
      readProjects(registry, query.principal, entries, projects, (project) => project),
    ]);
    for (const entry of entries) {
      const project = projects.get(entry.projectId);
      if (project && serves(entry)) hits.add(entry.name, project);
    }
    scanned += page.length;
    if (hits.size >= MAX_HITS || scanned >= MAX_SCANNED) break;
  }
  return hits.all();
}

/** The names with a part that starts with a word. For an empty word all names, from the index that never lags. */
function rangeOf({ within, format }: PackageQuery, word: string) {
  const partition = partitionOf(within);
  return word === '' ? ranges.namesIn(partition, format.id) : ranges.words(partition, word);
}

function matches(entry: NamedEntry, { format, within }: PackageQuery, words: readonly string[]): boolean {
  if (entry.format !== format.id || !isWithin(entry, within)) return false;
  const name = entry.name.toLowerCase();
  return words.every((word) => name.includes(word));
}

function rank({ name }: SearchHit, start: string): number {
  const lower = name.toLowerCase();
  if (lower === start) return 0;
  return lower.startsWith(start) || lower.includes(`/${start}`) ? 1 : 2;
}
