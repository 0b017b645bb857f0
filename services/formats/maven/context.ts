import type { FormatContext } from '../../http/access/guard.ts';
import { decodeOnce } from '../../http/format/address.ts';

/** The path of a request in the repository, decoded; empty when it is malformed. */
export function pathIn(c: FormatContext): string {
  return decodeOnce(c.env.address.path) ?? '';
}
