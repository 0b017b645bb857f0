import type { FormatContext } from '../../http/access/guard.ts';
import { packageName } from './names.ts';

/** The package name in a request's path. */
export function nameOf(c: FormatContext): string {
  return packageName(c.req.param('name') ?? '');
}
