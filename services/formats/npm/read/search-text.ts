/** npm's search syntax (https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md#get-v1search). */
import { prerelease } from 'semver';
import type { Version } from '../../../domain/packages.ts';
import { type Condition, type Search, searchOf, searchTerms } from '../../../shared/text/search-terms.ts';
import { scopeOf } from '../names.ts';
import type { Manifest, Metadata } from '../schema.ts';

/** The latest version of a package, with its manifest. */
export interface Latest {
  readonly version: Version<Metadata>;
  readonly manifest: Manifest;
}

/** The keywords of a manifest. */
export function keywordsOf({ keywords }: Manifest): string[] {
  return Array.isArray(keywords) ? keywords.filter((each) => typeof each === 'string') : [];
}

/** `a,b` is one of them, `a+b` all of them; `-a` after a comma excludes it. */
const hasKeywords: Condition<Latest> = ({ manifest }, value) => {
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
const isBy: Condition<Latest> = ({ version, manifest: { author } }, value) => {
  const name = typeof author === 'string' ? author : (author as { readonly name?: unknown } | null)?.name;
  const names = [version.metadata.publisher, ...(typeof name === 'string' ? [name] : [])];
  return names.some((each) => each.toLowerCase() === value);
};

/** Whether a version has a property. The registry knows of no insecure versions. */
const is: Condition<Latest> = ({ version }, value) =>
  value === 'unstable' && (version.version.startsWith('0.') || prerelease(version.version) !== null);

const qualifiers: ReadonlyMap<string, Condition<Latest>> = new Map([
  ['scope', ({ version }, value) => scopeOf(version.name)?.toLowerCase() === value.replace(/^@/, '')],
  ['keywords', hasKeywords],
  ['author', isBy],
  ['maintainer', isBy],
  ['is', is],
  ['not', (latest, value) => /^(?:unstable|insecure)$/.test(value) && !is(latest, value)],
  // It changes the order on npmjs.com; here the exact name always comes first.
  ['boost-exact', () => true],
]);

/** Parses a search text: words, and values with a qualifier before them (`keywords:json`). */
export function parseSearchText(text: string): Search<Latest> {
  return searchOf(searchTerms(text), qualifiers);
}
