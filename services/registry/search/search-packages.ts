import type { Principal, Project } from '../../domain/accounts.ts';
import { type FormatRules, isInOwnNamespace } from '../../domain/format-rules.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { entityOf, type NamedEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { wordsOf } from './search-words.ts';
import { isWithin, partitionOf, type Within } from './within.ts';

/** Where to look for packages of a format, and for whom. */
export interface PackageQuery {
  readonly format: FormatRules;
  readonly within: Within;
  readonly principal: Principal;
}

/** Whether a project's packages of a name count: in the whole instance, names that say where they belong must be right. */
export function counts({ format, within }: PackageQuery, project: Project, name: string): boolean {
  return within !== 'instance' || isInOwnNamespace(format, name, project);
}

/** A name found, in projects whose packages the caller may pull. */
export interface SearchHit {
  readonly name: string;
  /** The lowest id first, at most `MAX_PROJECTS`. The first one that has a version to show counts. */
  readonly projects: readonly Project[];
}

/** The most projects of one name that are looked into. */
const MAX_PROJECTS = 10;

/** Hits by name, as projects that hold the names are found. */
export class Hits {
  readonly #projects = new Map<string, Project[]>();

  get size(): number {
    return this.#projects.size;
  }

  add(name: string, project: Project): void {
    const known = this.#projects.get(name) ?? [];
    if (known.some(({ id }) => id === project.id)) return;
    const sorted = [...known, project].sort((a, b) => a.id - b.id);
    this.#projects.set(name, sorted.slice(0, MAX_PROJECTS));
  }

  all(): SearchHit[] {
    return [...this.#projects].map(([name, projects]) => ({ name, projects }));
  }
}

/** The most names a search answers, and the most index entries it reads for them. */
const MAX_HITS = 250;
const MAX_SCANNED = 5000;

/** From how many words of a text a search may start, one after the other. */
const MAX_STARTS = 4;

/** The most characters of a text that are looked for; what follows is left out. */
const MAX_TEXT = 200;

/**
 * The names that hold each word of a text, or all names where it has none. Those that start with the text come first,
 * each once. What the caller may not see leaves no trace.
 *
 * One word of the text must begin a part of the name, the others may be anywhere in it: names are looked for by the
 * longest word, and by the next one when that finds none.
 */
export async function searchPackages(
  registry: Registry,
  query: PackageQuery,
  text: string,
): Promise<SearchHit[]> {
  const sought = text.trim().slice(0, MAX_TEXT);
  const words = [...new Set(wordsOf(sought))].sort((a, b) => b.length - a.length);
  let hits: readonly SearchHit[] = [];
  for (const word of words.length > 0 ? words.slice(0, MAX_STARTS) : ['']) {
    hits = await hitsFrom(registry, query, words, word);
    if (hits.length > 0) break;
  }
  const start = sought.toLowerCase();
  const ranked = [...hits].sort((a, b) => rank(a, start) - rank(b, start) || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, MAX_HITS);
}

/** The names of which a part begins with one word and that hold all of them. */
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
    await readProjects(registry, query.principal, entries, projects, (project) => project);
    for (const { projectId, name } of entries) {
      const project = projects.get(projectId);
      if (project && counts(query, project, name)) hits.add(name, project);
    }
    scanned += page.length;
    if (hits.size >= MAX_HITS || scanned >= MAX_SCANNED) break;
  }
  return hits.all();
}

/** The names of which a part begins with a word; without a word all of them, from the index that never lags. */
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
