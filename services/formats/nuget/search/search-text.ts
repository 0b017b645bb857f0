/**
 * NuGet's search syntax
 * (https://learn.microsoft.com/nuget/consume-packages/finding-and-choosing-packages#search-syntax).
 */
import { searchWords } from '../../../registry/search/search-words.ts';
import { type Condition, searchOf, searchTerms } from '../../../shared/text/search-terms.ts';
import { parseVersion, storedVersion } from '../nuget-version.ts';
import type { ReleaseFacts } from '../releases.ts';

/** A parsed search text. */
export interface SearchText {
  /** The words that an id must contain. */
  readonly words: string;
  /** The exact ids, in lower case, of which a package must have one; undefined if it may have any. */
  readonly ids: ReadonlySet<string> | undefined;
  /** Whether `matches` looks at more than the id, so that packages have to be read. */
  readonly readsPackages: boolean;
  /** Whether a version has all words in its id, and meets all other conditions. */
  matches(release: ReleaseFacts): boolean;
}

function contains(read: (metadata: ReleaseFacts['metadata']) => string): Condition<ReleaseFacts> {
  return ({ metadata }, value) => read(metadata).toLowerCase().includes(value);
}

/** `a,b` are two tags, as where they are declared. A version must have all of them. */
const hasTags: Condition<ReleaseFacts> = ({ metadata }, value) => {
  const tags = new Set(metadata.tags.map((tag) => tag.toLowerCase()));
  return value.split(/[\s,;]+/).every((tag) => tag === '' || tags.has(tag));
};

const hasVersion: Condition<ReleaseFacts> = (release, value) => {
  const version = parseVersion(value);
  return version !== undefined && storedVersion(version) === release.version;
};

/** Packages have no owners of their own: those of nuget.org are accounts. */
const never: Condition<ReleaseFacts> = () => false;

/** The fields that need the package to be read. */
const fields: ReadonlyMap<string, Condition<ReleaseFacts>> = new Map([
  ['title', contains(({ title, id }) => title || id)],
  ['description', contains(({ description }) => description)],
  ['summary', contains(({ summary }) => summary)],
  ...['author', 'authors'].map((field) => [field, contains(({ authors }) => authors)] as const),
  ...['tag', 'tags'].map((field) => [field, hasTags] as const),
  ['version', hasVersion],
  ...['owner', 'owners'].map((field) => [field, never] as const),
]);

/**
 * Parses a search text: words, and values with a field before them (`tag:json`, `packageid:"Acme.Tool"`). All conditions
 * must be met, except that several ids are alternatives. `*` stands for any word.
 */
export function parseSearchText(text: string): SearchText {
  const terms = searchTerms(text)
    .filter(({ field, value }) => field !== undefined || value !== '*')
    .map((term) => (term.field === 'id' && term.value !== '' ? { ...term, field: undefined } : term));
  const exact = terms.filter(({ field, value }) => field === 'packageid' && value !== '');
  const ids = exact.length > 0 ? new Set(exact.map(({ value }) => value)) : undefined;
  const { words, conditions } = searchOf(
    terms.filter((term) => !exact.includes(term)),
    fields,
  );
  const joined = words.join(' ');
  const parts = searchWords(joined);
  return {
    words: joined,
    ids,
    readsPackages: conditions.length > 0,
    matches: (release) =>
      (!ids || ids.has(release.name)) &&
      parts.every((part) => release.name.includes(part)) &&
      conditions.every((isMet) => isMet(release)),
  };
}
