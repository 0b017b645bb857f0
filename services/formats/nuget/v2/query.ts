import { badRequest } from '../../../domain/errors.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { queryNumber } from '../../../http/format/query-number.ts';
import { compareVersions, isInRange, parseRange, parseVersion } from '../nuget-version.ts';
import { evaluate, type FilterValue, parseFilter, UnreadableFilter, valuesIn } from './odata/filter.ts';
import { unquoted } from './odata/literals.ts';
import { isNewer, properties, type Row } from './row.ts';

/** The most versions of one page, as on nuget.org. */
const PAGE = 100;

/** What a request asks of the feed. */
export interface Query {
  /** The ids that are asked for, in lower case; without them, packages whose ids match `term`. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly term: string;
  readonly semVer2: boolean;
  /** Whether a row is asked for. */
  passes(row: Row): boolean;
  /** What remains of the rows of a package that pass: for updates, the highest. */
  narrow?(rows: readonly Row[]): Row[];
}

function quoted(c: FormatContext, name: string): string {
  return unquoted(c.req.query(name) ?? '');
}

function isSet(c: FormatContext, name: string): boolean {
  return c.req.query(name)?.toLowerCase() === 'true';
}

/** Reads what a call of the feed asks for; undefined when there is no such call. */
export function queryOf(c: FormatContext, call: string): Query | undefined {
  const { ids, passes } = filterOf(c);
  const semVer2 = /^'?2\./.test(c.req.query('semVerLevel') ?? '');
  if (call === 'Packages') return { ids, term: '', semVer2, passes };
  if (call === 'FindPackagesById') {
    return { ids: new Set([quoted(c, 'id').toLowerCase()]), term: '', semVer2, passes };
  }
  if (call === 'Search') {
    const prerelease = isSet(c, 'includePrerelease');
    return {
      ids,
      term: quoted(c, 'searchTerm'),
      semVer2,
      passes: (row) => row.release.listed && (prerelease || !row.release.prerelease) && passes(row),
    };
  }
  return call === 'GetUpdates' ? updatesOf(c, semVer2, passes) : undefined;
}

function filterOf(c: FormatContext): Pick<Query, 'ids' | 'passes'> {
  const text = c.req.query('$filter') ?? '';
  if (text.trim() === '') return { ids: undefined, passes: () => true };
  const filter = understood(() => parseFilter(text));
  return {
    ids: valuesIn(filter, 'Id'),
    passes: (row) =>
      understood(() => evaluate(filter, { property: (name) => propertyOf(row, name), compare })) === true,
  };
}

function understood<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof UnreadableFilter ? badRequest(error.message) : error;
  }
}

/** Orders versions by their rules; undefined for values of other properties. */
export function compare(property: string, left: FilterValue, right: FilterValue): number | undefined {
  if (!/^(?:Normalized)?Version$/.test(property)) return undefined;
  const [a, b] = [left, right].map((value) => parseVersion(String(value)));
  return a && b && compareVersions(a, b);
}

/** The value of a property of a row; undefined when there is no such property. */
export function propertyOf(row: Row, name: string): FilterValue | undefined {
  return properties.get(name)?.[1](row, '');
}

/** Newer versions of packages in certain versions; ids, versions and constraints are lists set off by bars. */
function updatesOf(c: FormatContext, semVer2: boolean, passes: Query['passes']): Query {
  const list = (name: string) => quoted(c, name).split('|');
  const [versions, constraints] = [list('versions'), list('versionConstraints')];
  const known = new Map(
    list('packageIds').map((id, index) => [
      id.toLowerCase(),
      { version: versions[index] ?? '', range: parseRange(constraints[index] ?? '') },
    ]),
  );
  const prerelease = isSet(c, 'includePrerelease');
  return {
    ids: new Set(known.keys()),
    term: '',
    semVer2,
    passes(row) {
      const from = known.get(row.release.name);
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

/** A page of rows, and where the next one of `address` is when there are more than were asked for at most. */
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
