/**
 * NuGet's search syntax
 * (https://learn.microsoft.com/nuget/consume-packages/finding-and-choosing-packages#search-syntax).
 */
import { searchWords } from '../../registry/search/search-words.ts';
import { searchTerms } from '../../shared/text/search-terms.ts';
import { parseVersion, storedVersion } from './nuget-version.ts';
import type { ReleaseFacts } from './releases.ts';

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

/** Whether a version meets the condition of a field, with a value in lower case. */
type Condition = (release: ReleaseFacts, value: string) => boolean;

function contains(read: (metadata: ReleaseFacts['metadata']) => string): Condition {
  return ({ metadata }, value) => read(metadata).toLowerCase().includes(value);
}

/** `a,b` are two tags, as where they are declared. A version must have all of them. */
const hasTags: Condition = ({ metadata }, value) => {
  const tags = new Set(metadata.tags.map((tag) => tag.toLowerCase()));
  return value.split(/[\s,;]+/).every((tag) => tag === '' || tags.has(tag));
};

const hasVersion: Condition = (release, value) => {
  const version = parseVersion(value);
  return version !== undefined && storedVersion(version) === release.version;
};

/** Packages have no owners of their own: those of nuget.org are accounts. */
const never: Condition = () => false;

/** The fields that need the package to be read. */
const conditions: ReadonlyMap<string, Condition> = new Map([
  ['title', contains(({ title, id }) => title || id)],
  ['description', contains(({ description }) => description)],
  ['summary', contains(({ summary }) => summary)],
  ...['author', 'authors'].map((field) => [field, contains(({ authors }) => authors)] as const),
  ...['tag', 'tags'].map((field) => [field, hasTags] as const),
  ['version', hasVersion],
  ...['owner', 'owners'].map((field) => [field, never] as const),
]);

/** The most values with a field: each is compared with every version. */
const MAX_FIELDS = 20;

/**
 * Parses a search text: words, and values with a field before them (`tag:json`, `packageid:"Acme.Tool"`). All conditions
 * must be met, except that several ids are alternatives. A field without a value, or one of too many, is not met by any
 * version. An unknown field is a word like its value.
 */
export function parseSearchText(text: string): SearchText {
  const words: string[] = [];
  const ids: string[] = [];
  const checks: ((release: ReleaseFacts) => boolean)[] = [];
  for (const { field, value } of searchTerms(text)) {
    const condition = field === undefined ? undefined : conditions.get(field);
    if (field === undefined) words.push(value === '*' ? '' : value);
    else if (value === '') checks.push(() => false);
    else if (condition) checks.push((release) => condition(release, value));
    else if (field === 'packageid') ids.push(value);
    else words.push(...(field === 'id' ? [value] : [field, value]));
  }
  if (checks.length > MAX_FIELDS) checks.push(() => false);
  const wanted = ids.length > 0 ? new Set(ids) : undefined;
  const joined = words.join(' ').trim();
  const parts = searchWords(joined);
  return {
    words: joined,
    ids: wanted,
    readsPackages: checks.length > 0,
    matches: (release) =>
      (!wanted || wanted.has(release.name)) &&
      parts.every((part) => release.name.includes(part)) &&
      checks.every((isMet) => isMet(release)),
  };
}
