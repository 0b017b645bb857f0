import type { FormatContext } from '../../http/access/guard.ts';
import { decodeOnce } from '../../http/format/address.ts';

/** The decoded path of a request in the repository; empty if malformed. */
export function pathIn(c: FormatContext): string {
  return decodeOnce(c.env.address.path) ?? '';
}
