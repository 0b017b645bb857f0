import type { PackageName } from '../../domain/names.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { packageName } from './names.ts';

/** The package name in a request's path. */
export function nameOf(c: FormatContext): PackageName {
  return packageName(c.req.param('name') ?? '');
}
