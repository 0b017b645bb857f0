import type { Principal, Project } from '../../domain/accounts.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import { type PackageName, parsePackageName } from '../../domain/names.ts';
import { type ProjectReader, projectReader } from '../access/readable-projects.ts';
import { ownProjects } from '../accounts/own-projects.ts';
import type { Registry } from '../context.ts';
import { rootOf } from '../packages/package-writes.ts';
import { entityOf, type NamedEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { namedByWord } from '../records/parse-keys.ts';
import { queryGrowing, queryPages } from '../records/query-all.ts';
import { forEachOf } from '../records/read-many.ts';
import { owningNames } from './owning-names.ts';
import { searchWords } from './search-words.ts';
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
  /** The ids of other projects that hold the name, as far as they were found; see `HeldPackage`. */
  readonly withheld: readonly number[];
}

/** The most projects that are kept for one name. */
const MAX_PROJECTS = 10;

/** Collects hits by name while projects that hold the names are found. */
export class Hits {
  readonly #projects = new Map<PackageName, Project[]>();
  readonly #withheld = new Map<PackageName, Set<number>>();

  get size(): number {
    return this.#projects.size;
  }

  add(name: PackageName, project: Project): void {
    const projects = this.#projects.get(name) ?? [];
    if (projects.some(({ id }) => id === project.id)) return;
    const sorted = [...projects, project].sort((a, b) => a.id - b.id);
    this.#projects.set(name, sorted.slice(0, MAX_PROJECTS));
  }

  /** Adds a project that holds a name and is hidden from the caller. This alone makes no hit. */
  withhold(name: PackageName, projectId: number): void {
    const ids = this.#withheld.get(name) ?? new Set();
    this.#withheld.set(name, ids.add(projectId));
  }

  all(): SearchHit[] {
    return [...this.#projects].map(([name, projects]) => {
      const withheld = [...(this.#withheld.get(name) ?? [])].sort((a, b) => a - b);
      return { name, projects, withheld };
    });
  }
}

/** What a search found. */
export interface SearchResult {
  readonly hits: readonly SearchHit[];
  /** Whether these are all names that match. */
  readonly complete: boolean;
}

/** The most names that a search returns by default. */
const MAX_HITS = 250;

/** The most index entries that a search reads, of packages that the caller may or may not see. */
const MAX_SCANNED = 100_000;

/** The most words of a text by which the index is searched, one after the other. */
const MAX_STARTS = 4;

/** Up to this many projects in which the caller has a role are searched in any case. */
const MAX_OWN = 50;

/** How many entries of each word are read to find out which word is the rarest. */
const PROBED = 100;

/** The most characters of a search text; the rest is ignored. */
const MAX_TEXT = 200;

/**
 * The names that contain every word of a text, or all names if it is empty. Each name is returned once;
 * names that start with the text come first. Packages hidden from the caller do not affect the result.
 *
 * One word of the text must be a prefix of a part of the name; the others may be anywhere in it. The index is
 * searched by the rarest word first, and by the next one if that finds nothing. When there are too many entries to read
 * all, the caller's own projects are searched nevertheless, if they are few.
 * @param most the most names to return
 */
export async function searchPackages(
  registry: Registry,
  query: PackageQuery,
  text: string,
  most = MAX_HITS,
): Promise<SearchResult> {
  const searchText = text.trim().slice(0, MAX_TEXT).toWellFormed();
  const words = searchWords(searchText);
  const reader = projectReader(registry, query.principal);
  const search: Search = { query, words, reader, hits: new Hits(), most };
  const starts = words.length > 0 ? await rarestFirst(registry, query, words) : [''];
  let complete = true;
  for (const word of starts) {
    complete = await addHits(registry, search, word);
    if (search.hits.size > 0 || !complete) break;
  }
  if (!complete) {
    await addNamed(registry, search, searchText);
    if (search.hits.size < most) await addOwn(registry, search, starts[0] ?? '');
  }
  const start = searchText.toLowerCase();
  const ranked = search.hits
    .all()
    .sort((a, b) => rank(a, start) - rank(b, start) || (a.name < b.name ? -1 : 1));
  return { hits: ranked.slice(0, most), complete };
}

interface Search {
  readonly query: PackageQuery;
  readonly words: readonly string[];
  readonly reader: ProjectReader;
  readonly hits: Hits;
  readonly most: number;
}

/** Words of the text in the order in which the index is searched by them. */
async function rarestFirst(
  { table }: Registry,
  { within, format }: PackageQuery,
  words: readonly string[],
): Promise<string[]> {
  const longest = [...words].sort((a, b) => b.length - a.length).slice(0, MAX_STARTS);
  if (longest.length < 2) return longest;
  const probes = await forEachOf(longest, async (word) => {
    const page = await table.query({ ...ranges.words(partitionOf(within), format.id, word), limit: PROBED });
    return [{ word, entries: page.items.length }];
  });
  return probes.sort((a, b) => a.entries - b.entries).map(({ word }) => word);
}

/** Adds the names that contain all words and have a part that starts with `word`. Returns whether it added all. */
async function addHits(registry: Registry, search: Search, word: string): Promise<boolean> {
  let scanned = 0;
  for await (const page of entriesOf(registry, search.query, word)) {
    if (search.hits.size >= search.most || scanned >= MAX_SCANNED) return false;
    scanned += page.length;
    await addReadable(registry, search, containing(search.words, page));
  }
  return search.hits.size <= search.most;
}

/** Adds the name that is the text itself, when it may be among those that were not read. */
async function addNamed(registry: Registry, search: Search, text: string): Promise<void> {
  const name = parsePackageName(text);
  if (name === undefined) return;
  const { within, format } = search.query;
  const range = ranges.nameIn(partitionOf(within), format.id, name);
  const before = search.hits.size;
  for await (const items of queryGrowing(registry.table, range, MAX_PROJECTS)) {
    await addReadable(
      registry,
      search,
      items.map((item) => entityOf<NamedEntry>(item)),
    );
    if (search.hits.size > before) return;
  }
}

/** Adds names in the projects that the caller has a role in, when they may be among those that were not read. */
async function addOwn(registry: Registry, search: Search, word: string): Promise<void> {
  const { format, principal } = search.query;
  for (const { id } of await ownProjects(registry, principal, MAX_OWN)) {
    const owner = { kind: 'project', id } as const;
    const range = word === '' ? ranges.namesIn(owner, format.id) : ranges.words(owner, format.id, word);
    const { items } = await registry.table.query(range);
    const entries = items.map((item) => (word === '' ? entityOf<NamedEntry>(item) : namedByWord(item)));
    await addReadable(registry, search, containing(search.words, entries));
  }
}

/** The entries whose names contain all words. */
function containing<T extends Entry>(words: readonly string[], entries: readonly T[]): T[] {
  return entries.filter(({ name }) => words.every((each) => name.toLowerCase().includes(each)));
}

/** Adds entries of packages that the caller may pull, and that are served where they are searched. */
async function addReadable(
  registry: Registry,
  { query: { format, within }, reader, hits }: Search,
  entries: readonly Entry[],
): Promise<void> {
  await reader.read(entries.map(({ projectId }) => projectId));
  const held = entries.flatMap(({ name, projectId }) => {
    const readable = reader.get(projectId)?.project;
    const project = readable ?? reader.withheld(projectId);
    if (!project || !isWithin(project, within)) return [];
    return [{ name, project, readable: readable !== undefined, rootId: rootOf(project) }];
  });
  const serves = await owningNames(registry, format, within, held);
  for (const each of held.filter(serves)) {
    if (each.readable) hits.add(each.name, each.project);
    else hits.withhold(each.name, each.project.id);
  }
}

type Entry = Pick<NamedEntry, 'name' | 'projectId'>;

/** The names with a part that starts with a word. For an empty word all names, from the index that never lags. */
async function* entriesOf(
  { table }: Registry,
  { within, format }: PackageQuery,
  word: string,
): AsyncGenerator<readonly Entry[]> {
  const partition = partitionOf(within);
  if (word === '') {
    for await (const items of queryPages(table, ranges.namesIn(partition, format.id))) {
      yield items.map((item) => entityOf<NamedEntry>(item));
    }
    return;
  }
  for await (const items of queryPages(table, ranges.words(partition, format.id, word))) {
    yield items.map(namedByWord);
  }
  // Words that the upgrade to schema 4 has not reached yet.
  for await (const items of queryPages(table, ranges.formerWords(partition, word))) {
    yield items.map((item) => entityOf<NamedEntry>(item)).filter((entry) => entry.format === format.id);
  }
}

function rank({ name }: SearchHit, start: string): number {
  const lower = name.toLowerCase();
  if (lower === start) return 0;
  return lower.startsWith(start) || lower.includes(`/${start}`) ? 1 : 2;
}
