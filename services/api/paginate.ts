import * as z from 'zod';
import { badParameters } from '../domain/errors.ts';
import type { ReplyHeaders } from '../http/answer/reply.ts';
import { pathOf } from '../http/format/address.ts';
import { integer, text } from './params.ts';
import type { ApiContext } from './request.ts';

/** With more rows than this, the total is omitted, as in GitLab. */
const MAX_TOTAL = 10_000;
const MAX_PAGE = 100;

/** The parameters of every list, to be spread into its schema. */
export const paging = {
  page: integer.pipe(z.number().min(0)).default(1),
  per_page: integer.pipe(z.number().min(1)).default(20),
  pagination: z.enum(['offset', 'keyset', 'legacy']).default('offset'),
  cursor: text.optional(),
  id_after: integer.optional(),
  id_before: integer.optional(),
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

/** The order of rows: by a value of each row, then by id. */
export interface Order<T> {
  by(row: T): string | number;
  id(row: T): number;
  readonly descending: boolean;
}

/** Order by id, lowest first. */
export function byId<T extends { readonly id: number }>(): Order<T> {
  return { by: ({ id }) => id, id: ({ id }) => id, descending: false };
}

/** A page of rows, and the headers that link to other pages. */
export interface PageOf<T> {
  readonly rows: readonly T[];
  readonly headers: ReplyHeaders;
}

/** Sorts rows and returns the requested page, by number or by position (keyset). */
export function paginate<T>(c: ApiContext, params: Paging, all: readonly T[], order: Order<T>): PageOf<T> {
  const sorted = all.map((row) => ({ row, position: positionOf(row, order) }));
  sorted.sort((a, b) => compare(a.position, b.position) * (order.descending ? -1 : 1));
  const rows = sorted.map(({ row }) => row);
  return params.pagination === 'keyset' ? keysetPage(c, params, rows, order) : offsetPage(c, params, rows);
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
  return { rows: page, headers: { link, 'x-per-page': String(size) } };
}

function keysetPage<T>(c: ApiContext, params: Paging, rows: readonly T[], order: Order<T>): PageOf<T> {
  const after = startOf(params);
  const direction = order.descending ? -1 : 1;
  const rest =
    after === undefined
      ? rows.filter((row) => withinIds(params, order.id(row)))
      : rows.filter((row) => compare(positionOf(row, order), after) * direction > 0);
  return pageByKeyset(c, params, rest, (last) => ({ cursor: encodeCursor(positionOf(last, order)) }));
}

function withinIds({ id_after, id_before }: Paging, id: number): boolean {
  return (id_after === undefined || id > id_after) && (id_before === undefined || id < id_before);
}

function offsetPage<T>(c: ApiContext, params: Paging, rows: readonly T[]): PageOf<T> {
  const size = pageSize(params);
  const page = Math.max(params.page, 1);
  const pages = Math.max(Math.ceil(rows.length / size), 1);
  const counted = rows.length <= MAX_TOTAL;
  const linkPage = (number: number, rel: string) =>
    linkTo(c, { page: String(number), per_page: String(size) }, rel);
  const links = [
    ...(page > 1 ? [linkPage(Math.min(page - 1, pages), 'prev')] : []),
    ...(page < pages ? [linkPage(page + 1, 'next')] : []),
    linkPage(1, 'first'),
    ...(counted ? [linkPage(pages, 'last')] : []),
  ];
  return {
    rows: rows.slice((page - 1) * size, page * size),
    headers: {
      link: links.join(', '),
      'x-page': String(page),
      'x-per-page': String(size),
      'x-next-page': page < pages ? String(page + 1) : '',
      'x-prev-page': page > 1 ? String(page - 1) : '',
      'x-total': counted ? String(rows.length) : undefined,
      'x-total-pages': counted ? String(pages) : undefined,
    },
  };
}

/** Creates a link to the same list with some parameters changed, without any credentials from the query. */
function linkTo(c: ApiContext, changed: Record<string, string>, rel: string): string {
  const query = new URL(c.req.url).searchParams;
  for (const name of ['private_token', 'job_token', 'sudo']) query.delete(name);
  for (const [name, value] of Object.entries(changed)) query.set(name, value);
  return `<${c.env.registry.settings.url}${pathOf(c.req.url)}?${query}>; rel="${rel}"`;
}

type Position = readonly [value: string | number, id: number];

function positionOf<T>(row: T, order: Order<T>): Position {
  const value = order.by(row);
  return [typeof value === 'string' ? value.toLowerCase() : value, order.id(row)];
}

function compare([a, idA]: Position, [b, idB]: Position): number {
  if (a !== b) return a < b ? -1 : 1;
  return idA - idB;
}

function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function startOf({ cursor }: Paging): Position | undefined {
  if (cursor === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(value) && value.length === 2 && typeof value[1] === 'number') {
      return [typeof value[0] === 'number' ? value[0] : String(value[0]), value[1]];
    }
  } catch {
    // handled below
  }
  throw badParameters(['cursor is invalid']);
}
