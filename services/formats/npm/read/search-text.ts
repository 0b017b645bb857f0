/** npm's search syntax (https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md#get-v1search). */
import { prerelease } from 'semver';
import type { Version } from '../../../domain/packages.ts';
import { searchTerms } from '../../../shared/text/search-terms.ts';
import { scopeOf } from '../names.ts';
import type { Manifest, Metadata } from '../schema.ts';

/** The latest version of a package, with its manifest. */
export interface Latest {
  readonly version: Version<Metadata>;
  readonly manifest: Manifest;
}

/** A parsed search text. */
export interface SearchText {
  /** The words that a name must contain. */
  readonly words: string;
  /** Conditions that the latest version must meet, apart from the words. */
  readonly conditions: readonly ((latest: Latest) => boolean)[];
}

/** Whether a version meets the condition of a qualifier, with a value in lower case. */
type Condition = (latest: Latest, value: string) => boolean;

/** The keywords of a manifest. */
export function keywordsOf({ keywords }: Manifest): string[] {
  return Array.isArray(keywords) ? keywords.filter((each) => typeof each === 'string') : [];
}

/** `a,b` is one of them, `a+b` all of them; `-a` after a comma excludes it. */
const hasKeywords: Condition = ({ manifest }, value) => {
  const keywords = new Set(keywordsOf(manifest).map((each) => each.toLowerCase()));
  const parts = value.split(',').filter((part) => part !== '');
  const excluded = parts.filter((part) => part.startsWith('-'));
  const wanted = parts.filter((part) => !part.startsWith('-'));
  return (
    !excluded.some((part) => keywords.has(part.slice(1))) &&
    (wanted.length === 0 || wanted.some((part) => part.split('+').every((each) => keywords.has(each))))
  );
};

/** The publisher, or the author that the manifest names. */
const isBy: Condition = ({ version, manifest: { author } }, value) => {
  const name = typeof author === 'string' ? author : (author as { readonly name?: unknown } | null)?.name;
  const names = [version.metadata.publisher, ...(typeof name === 'string' ? [name] : [])];
  return names.some((each) => each.toLowerCase() === value);
};

/** Whether a version has a property. The registry knows of no insecure versions. */
const is: Condition = ({ version }, value) =>
  value === 'unstable' && (version.version.startsWith('0.') || prerelease(version.version) !== null);

const conditions: ReadonlyMap<string, Condition> = new Map([
  ['scope', ({ version }, value) => scopeOf(version.name)?.toLowerCase() === value.replace(/^@/, '')],
  ['keywords', hasKeywords],
  ['author', isBy],
  ['maintainer', isBy],
  ['is', is],
  ['not', (latest, value) => /^(?:unstable|insecure)$/.test(value) && !is(latest, value)],
  // It changes the order on npmjs.com; here the exact name always comes first.
  ['boost-exact', () => true],
]);

/** The most qualifiers. */
const MAX_CONDITIONS = 20;

/**
 * Parses a search text: words, and values with a qualifier before them (`keywords:json`), which must all be met. A
 * qualifier without a value, or one of too many, is met by no version. An unknown one is a word like its value.
 */
export function parseSearchText(text: string): SearchText {
  const words: string[] = [];
  const found: ((latest: Latest) => boolean)[] = [];
  for (const { field, value } of searchTerms(text)) {
    const condition = field === undefined ? undefined : conditions.get(field);
    if (condition) found.push((latest) => value !== '' && condition(latest, value));
    else words.push(...(field === undefined ? [value] : [field, value]));
  }
  if (found.length > MAX_CONDITIONS) found.push(() => false);
  return { words: words.join(' ').trim(), conditions: found };
}
