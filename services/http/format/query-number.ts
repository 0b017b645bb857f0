import { badRequest } from '../../domain/errors.ts';
import type { FormatContext } from '../access/guard.ts';

/** A number of the query, at most `most`; without one, or with an empty one, `usual`. */
export function queryNumber(c: FormatContext, name: string, usual: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined || text === '') return usual;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name} must be a number`);
  return Math.min(Number(text), most);
}
