import type { FormatContext } from '../../http/access/guard.ts';
import { ociError } from './errors.ts';

/** The most entries of a page, and how many it has by default. */
const MAX_PAGE = 1000;

/** The number of entries that a client requests by `n`. @throws OciError `PAGINATION_NUMBER_INVALID` */
export function pageSize(c: FormatContext): number {
  const text = c.req.query('n');
  if (text === undefined || text === '') return MAX_PAGE;
  if (!/^\d{1,15}$/.test(text)) {
    throw ociError('PAGINATION_NUMBER_INVALID', 'n must be a number of entries', { n: text.slice(0, 100) });
  }
  return Math.min(Number(text), MAX_PAGE);
}

/** The `Link` header that leads to the next page. */
export function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query)}>; rel="next"`;
}
