import { decodeOnce } from '../../http/address.ts';
import type { FormatContext } from '../../http/guard.ts';

/** The path of a request in the repository, decoded; empty when it is malformed. */
export function pathIn(c: FormatContext): string {
  return decodeOnce(c.env.address.path) ?? '';
}
