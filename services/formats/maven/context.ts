import type { FormatContext } from '../../http/access/guard.ts';
import { decodeOnce } from '../../http/format/address.ts';
import { type Address, addressOf } from './names.ts';

/** The decoded path of a request in the repository; empty if malformed. */
export function pathIn(c: FormatContext): string {
  return decodeOnce(c.env.address.path) ?? '';
}

const addresses = new WeakMap<FormatContext, Address | undefined>();

/** The path of a request in the repository, parsed once; undefined if it does not fit the layout. */
export function addressIn(c: FormatContext): Address | undefined {
  if (!addresses.has(c)) addresses.set(c, addressOf(pathIn(c)));
  return addresses.get(c);
}
