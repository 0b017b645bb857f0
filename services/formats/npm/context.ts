import type { FormatContext } from '../../http/access/guard.ts';
import { packageName } from './names.ts';

/** The package name in the address of a request. */
export function nameOf(c: FormatContext): string {
  return packageName(c.req.param('name') ?? '');
}
