import * as z from 'zod';
import { badRequest } from '../domain/errors.ts';
import type { ReplyHeaders } from '../http/answer/reply.ts';
import { pathOf } from '../http/format/address.ts';
import { encodeCursor, type Position, parseCursor } from './cursor.ts';
import { integer, text, unlessBlank } from './params.ts';
import type { ApiContext } from './request.ts';

/** With more rows than this, the total is omitted, as in GitLab. Rows after these are only read for their page. */
const MAX_TOTAL = 10_000;
const MAX_PAGE = 100;

/** The most rows of a list that are sorted, in an order without an index. */
const MAX_SORTED = 10_000;

/** How many rows are read at once for a page by number, which counts the rows. */
export const COUNTED_AT_ONCE = 1000;

/**
 * The maximum length of the `Link` header, in bytes: its links repeat the query up to four times, and clients and
 * proxies limit headers.
 */
const MAX_LINK = 4096;

/** The parameters of every list, to be spread into its schema. */
export const paging = {
  page: unlessBlank(integer.pipe(z.number().min(0)).default(1)),
  per_page: unlessBlank(integer.pipe(z.number().min(1)).default(20)),
  pagination: z.enum(['offset', 'keyset', 'legacy']).default('offset'),
  cursor: unlessBlank(text.optional()),
  id_after: unlessBlank(integer.optional()),
  id_before: unlessBlank(integer.optional()),
};

/** The parsed parameters of `paging`. */
export interface Paging {
  readonly page: number;
  readonly per_page: number;
  readonly pagination: 'offset' | 'keyset' | 'legacy';
  readonly cursor?: string | undefined;
  readonly id_after?: number | undefined;
  readonly id_before?: number | undefined;
}

/** Rows in the order of a list. */
export interface Rows<T> {
  /** Reads the rows after a position, `atOnce` first. */
  read(after: Position | undefined, atOnce: number): AsyncIterable<T>;
  positionOf(row: T): Position;
  /** Whether a row can have a position. A client may have made it up. */
  canHave(position: Position): boolean;
  id(row: T): number;
  /** The parameters of a link to the rows after this one; by default a cursor. */
  next?(last: T): Record<string, string>;
}

/** The order of rows: by a value of each row, then by id. */
export interface Order<T> {
  by(row: T): string | number;
  id(row: T): number;
  readonly descending: boolean;
}

/** A page of rows, and the headers that link to other pages. */
export interface PageOf<T> {
  readonly rows: readonly T[];
  readonly headers: ReplyHeaders;
}

/** Reads part of a range of ids: after an id, in one direction, `atOnce` rows first. */
export type WalkIds<T> = (walk: {
  readonly after: number | undefined;
  readonly descending: boolean;
  readonly atOnce: number;
}) => AsyncIterable<T>;

/** Rows that are stored in the order of their ids: a page is read from where it starts. */
export function rowsById<T>(
  { id_after, id_before }: Paging,
  descending: boolean,
  id: (row: T) => number,
  walk: WalkIds<T>,
): Rows<T> {
  const [start, end] = descending ? [id_before, id_after] : [id_after, id_before];
  return {
    async *read(after, atOnce) {
      for await (const row of walk({ after: after?.[1] ?? start, descending, atOnce })) {
        if (end !== undefined && (descending ? id(row) <= end : id(row) >= end)) return;
        yield row;
      }
    },
    positionOf: (row) => [id(row), id(row)],
    canHave: ([value, id]) => value === id,
    id,
  };
}

/**
 * Rows in an order that has no index: all are read and sorted.
 * @throws RegistryError `invalidRequest` if there are more than can be sorted.
 */
export function sortedRows<T>(source: Iterable<T> | AsyncIterable<T>, order: Order<T>): Rows<T> {
  const direction = order.descending ? -1 : 1;
  return {
    async *read(after) {
      const found: { readonly row: T; readonly position: Position }[] = [];
      for await (const row of source) {
        if (found.length === MAX_SORTED) {
          throw badRequest(
            `Bad Request - more than ${MAX_SORTED} results can't be sorted like this; use filters or another order_by`,
          );
        }
        found.push({ row, position: orderedPosition(row, order) });
      }
      found.sort((a, b) => compare(a.position, b.position) * direction);
      for (const { row, position } of found) {
        if (after === undefined || compare(position, after) * direction > 0) yield row;
      }
    },
    positionOf: (row) => orderedPosition(row, order),
    // Rows are compared with it, whatever it is.
    canHave: () => true,
    id: (row) => order.id(row),
  };
}

/**
 * Reads the requested page, by number or by position (keyset). By position only the page is read, by number what comes
 * before it, and as many rows as are counted.
 */
export function pageOf<T>(c: ApiContext, params: Paging, rows: Rows<T>): Promise<PageOf<T>> {
  return params.pagination === 'keyset' ? keysetPage(c, params, rows) : offsetPage(c, params, rows);
}

async function keysetPage<T>(c: ApiContext, params: Paging, rows: Rows<T>): Promise<PageOf<T>> {
  const wanted = pageSize(params) + 1;
  const start = params.cursor === undefined ? undefined : parseCursor(params.cursor, rows.canHave);
  const found: T[] = [];
  for await (const row of rows.read(start, wanted)) {
    if (withinIds(params, rows.id(row))) found.push(row);
    if (found.length === wanted) break;
  }
  const next = rows.next ?? ((row: T) => ({ cursor: encodeCursor(rows.positionOf(row)) }));
  return pageByKeyset(c, params, found, next);
}

/** The number of rows on a page. */
export function pageSize(params: Paging): number {
  return Math.min(params.per_page, MAX_PAGE);
}

/**
 * Returns a page of rows that are already sorted and start at the requested position. Pass at least one row more
 * than a page to get a link to the next one; `next` returns the parameters of that link.
 */
export function pageByKeyset<T>(
  c: ApiContext,
  params: Paging,
  rows: readonly T[],
  next: (last: T) => Record<string, string>,
): PageOf<T> {
  const size = pageSize(params);
  const page = rows.slice(0, size);
  const last = page.at(-1);
  const link = rows.length > size && last !== undefined ? linkTo(c, next(last), 'next') : undefined;
  return { rows: page, headers: { link: joined(link ? [link] : []), 'x-per-page': String(size) } };
}

function withinIds({ id_after, id_before }: Paging, id: number): boolean {
  return (id_after === undefined || id > id_after) && (id_before === undefined || id < id_before);
}

async function offsetPage<T>(c: ApiContext, params: Paging, rows: Rows<T>): Promise<PageOf<T>> {
  const size = pageSize(params);
  const page = Math.max(params.page, 1);
  const [start, end] = [(page - 1) * size, page * size];
  const shown: T[] = [];
  let count = 0;
  for await (const row of rows.read(undefined, COUNTED_AT_ONCE)) {
    if (!withinIds(params, rows.id(row))) continue;
    if (count >= start && count < end) shown.push(row);
    count++;
    if (count > Math.max(end, MAX_TOTAL)) break;
  }
  return { rows: shown, headers: offsetHeaders(c, { page, size, count }) };
}

/** The headers of a page by number. `count` is how many rows were read, which may be fewer than there are. */
function offsetHeaders(
  c: ApiContext,
  { page, size, count }: { readonly page: number; readonly size: number; readonly count: number },
): ReplyHeaders {
  const counted = count <= MAX_TOTAL;
  const pages = Math.max(Math.ceil(count / size), 1);
  const hasNext = count > page * size;
  const linkPage = (number: number, rel: string) =>
    linkTo(c, { page: String(number), per_page: String(size) }, rel);
  const links = [
    ...(page > 1 ? [linkPage(Math.min(page - 1, pages), 'prev')] : []),
    ...(hasNext ? [linkPage(page + 1, 'next')] : []),
    linkPage(1, 'first'),
    ...(counted ? [linkPage(pages, 'last')] : []),
  ];
  return {
    link: joined(links),
    'x-page': String(page),
    'x-per-page': String(size),
    'x-next-page': hasNext ? String(page + 1) : '',
    'x-prev-page': page > 1 ? String(page - 1) : '',
    'x-total': counted ? String(count) : undefined,
    'x-total-pages': counted ? String(pages) : undefined,
  };
}

/** Joins links, and leaves out the least important ones if they don't fit into the header. Undefined without any. */
function joined(links: readonly string[]): string | undefined {
  let kept = links;
  for (const rel of ['last', 'first', 'prev', 'next']) {
    if (Buffer.byteLength(kept.join(', ')) <= MAX_LINK) break;
    kept = kept.filter((link) => !link.endsWith(`rel="${rel}"`));
  }
  return kept.length > 0 ? kept.join(', ') : undefined;
}

/** Creates a link to the same list with some parameters changed, without any credentials from the query. */
function linkTo(c: ApiContext, changed: Record<string, string>, rel: string): string {
  const query = new URL(c.req.url).searchParams;
  for (const name of ['private_token', 'job_token', 'sudo']) query.delete(name);
  for (const [name, value] of Object.entries(changed)) query.set(name, value);
  return `<${c.env.registry.settings.url}${pathOf(c.req.url)}?${query}>; rel="${rel}"`;
}

function orderedPosition<T>(row: T, order: Order<T>): Position {
  const value = order.by(row);
  return [typeof value === 'string' ? value.toLowerCase() : value, order.id(row)];
}

function compare([a, idA]: Position, [b, idB]: Position): number {
  if (a !== b) return a < b ? -1 : 1;
  return idA - idB;
}
