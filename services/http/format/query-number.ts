import { badRequest } from '../../domain/errors.ts';
import type { FormatContext } from '../access/guard.ts';

/**
 * Reads a number from the query, capped at `max`; `fallback` if it is absent or empty.
 * @throws RegistryError when it is not a number
 */
export function queryNumber(c: FormatContext, name: string, fallback: number, max: number): number {
  const text = c.req.query(name);
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name} must be a number`);
  return Math.min(Number(text), max);
}
