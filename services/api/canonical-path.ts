import { pathOf } from '../http/format/address.ts';
import { ownerSubresources } from '../registry/accounts/paths.ts';

const PREFIX = '/api/v4/';

/** Resources whose ids can be full paths. */
const owners: ReadonlySet<string> = new Set(['projects', 'groups', 'namespaces']);

/**
 * Returns the path of a request in the form that routes match. A gateway that decodes paths turns the id `a%2Fb`
 * into `a/b`: the segments up to the name of a subresource are joined again. A trailing slash is dropped.
 */
export function canonicalPath(request: Request): string {
  const path = pathOf(request.url);
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (!trimmed.startsWith(PREFIX)) return trimmed;
  const [resource = '', first = '', ...rest] = trimmed.slice(PREFIX.length).split('/');
  if (!owners.has(resource) || rest.length === 0 || isWholeId(first)) return trimmed;
  const end = rest.findIndex((segment) => ownerSubresources.has(segment));
  const owner = [first, ...(end < 0 ? rest : rest.slice(0, end))].join('%2F');
  return `${PREFIX}${[resource, owner, ...(end < 0 ? [] : rest.slice(end))].join('/')}`;
}

/** Whether a segment is a complete id: a number or an encoded path. */
function isWholeId(segment: string): boolean {
  return segment === '' || /^\d+$|%2f/i.test(segment);
}
