import { badRequest } from '../../../domain/errors.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { queryNumber } from '../../../http/format/query-number.ts';
import { anyVersion, compareVersions, isInRange, parseRange, parseVersion } from '../nuget-version.ts';
import { parseSearchText } from '../search/search-text.ts';
import {
  evaluate,
  type FilterValue,
  millisecondsOf,
  parseFilter,
  UnreadableFilter,
  valuesIn,
} from './odata/filter.ts';
import { unquoted } from './odata/literals.ts';
import { isNewer, properties, type Row } from './row.ts';

/** Versions per page, as on nuget.org. */
const PAGE = 100;

/** A query of the feed. */
export interface Query {
  /** The requested ids, in lower case; if undefined, packages are found by `words`. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly words: string;
  readonly semVer2: boolean;
  /** Whether a row matches. */
  passes(row: Row): boolean;
  /** Reduces the matching rows of a package: for updates, to the highest version. */
  narrow?(rows: readonly Row[]): Row[];
}

/** A parameter of the query, whose name may be in any case: PSResourceGet sends `$orderBy`. */
export function parameter(c: FormatContext, name: string): string {
  const exact = c.req.query(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  return Object.entries(c.req.query()).find(([key]) => key.toLowerCase() === lower)?.[1] ?? '';
}

/**
 * Requires that the caller accepts the only format of the feed.
 * @throws RegistryError `invalidRequest`
 */
export function requireAtom(c: FormatContext): void {
  const format = parameter(c, '$format');
  if (/^(?:atom|xml|application\/(?:atom\+)?xml)?(?:;|$)/i.test(format)) return;
  throw badRequest('$format must be "atom": the V2 feed has no other format; /index.json leads to JSON (V3)');
}

function quoted(c: FormatContext, name: string): string {
  return unquoted(parameter(c, name));
}

function isSet(c: FormatContext, name: string): boolean {
  return parameter(c, name).toLowerCase() === 'true';
}

/** Parses a call of the feed. Returns undefined if there is no such function. */
export function queryOf(c: FormatContext, call: string): Query | undefined {
  const { ids, passes } = filterOf(c);
  const semVer2 = /^'?2\./.test(parameter(c, 'semVerLevel'));
  const all = { words: '', semVer2, passes };
  if (call === 'Packages') return { ...all, ids };
  if (call === 'FindPackagesById') return { ...all, ids: new Set([quoted(c, 'id').toLowerCase()]) };
  if (call === 'Search') {
    const prerelease = isSet(c, 'includePrerelease');
    const text = parseSearchText(quoted(c, 'searchTerm'));
    return {
      ...all,
      ids: text.ids ?? ids,
      words: text.words,
      passes: (row) =>
        row.release.listed &&
        (prerelease || !row.release.prerelease) &&
        text.matches(row.release) &&
        passes(row),
    };
  }
  return call === 'GetUpdates' ? updatesOf(c, semVer2, passes) : undefined;
}

function filterOf(c: FormatContext): Pick<Query, 'ids' | 'passes'> {
  const text = parameter(c, '$filter');
  if (text.trim() === '') return { ids: undefined, passes: () => true };
  const filter = orBadRequest(() => parseFilter(text));
  return {
    ids: valuesIn(filter, 'Id'),
    passes: (row) =>
      orBadRequest(() => evaluate(filter, { property: (name) => propertyOf(row, name), compare })) === true,
  };
}

function orBadRequest<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof UnreadableFilter ? badRequest(error.message) : error;
  }
}

/** Compares values of versions and times as such. Returns undefined for other properties. */
export function compare(property: string, left: FilterValue, right: FilterValue): number | undefined {
  if (properties.get(property)?.[0] === 'Edm.DateTime') {
    const [a, b] = [left, right].map((value) => millisecondsOf(String(value)));
    return a === undefined || b === undefined ? undefined : a - b;
  }
  if (!/^(?:Normalized)?Version$/.test(property)) return undefined;
  const [a, b] = [left, right].map((value) => parseVersion(String(value)));
  return a && b && compareVersions(a, b);
}

/** The value of a row's property; undefined if there is no such property. */
export function propertyOf(row: Row, name: string): FilterValue | undefined {
  return properties.get(name)?.[1](row, '');
}

/** Versions newer than the client's. Ids, versions and constraints are lists separated by `|`. */
function updatesOf(c: FormatContext, semVer2: boolean, passes: Query['passes']): Query {
  const list = (name: string) => quoted(c, name).split('|');
  const [versions, constraints] = [list('versions'), list('versionConstraints')];
  const installed = new Map(
    list('packageIds').map((id, index) => [
      id.toLowerCase(),
      { version: versions[index] ?? '', range: parseRange(constraints[index] ?? '') ?? anyVersion },
    ]),
  );
  const prerelease = isSet(c, 'includePrerelease');
  return {
    ids: new Set(installed.keys()),
    words: '',
    semVer2,
    passes(row) {
      const from = installed.get(row.release.name);
      const version = parseVersion(row.release.version);
      return (
        from !== undefined &&
        version !== undefined &&
        row.release.listed &&
        (prerelease || !row.release.prerelease) &&
        isNewer(row, from.version) &&
        isInRange(version, from.range) &&
        passes(row)
      );
    },
    ...(!isSet(c, 'includeAllVersions') && { narrow: (rows) => rows.slice(-1) }),
  };
}

/** A page of rows, and the URL of the next one if there is one. @param address the URL without its query */
export function paged(
  c: FormatContext,
  address: string,
  rows: readonly Row[],
): { readonly rows: Row[]; readonly next: string | undefined } {
  const skip = queryNumber(c, '$skip', 0, Number.MAX_SAFE_INTEGER);
  const top = queryNumber(c, '$top', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const size = Math.min(top, PAGE);
  const more = top > size && rows.length > skip + size;
  const query = new URLSearchParams(c.req.query());
  query.set('$skip', String(skip + size));
  if (query.has('$top')) query.set('$top', String(top - size));
  return {
    rows: rows.slice(skip, skip + size),
    next: more ? `${address}?${query}` : undefined,
  };
}
