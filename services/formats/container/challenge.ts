import type { RegistryError } from '../../domain/errors.ts';
import { DEFAULT_CHALLENGE } from '../../http/answer/render-error.ts';
import type { FormatCall } from '../../http/format/format.ts';
import { canonicalPath } from './names.ts';

/** The name of the service in challenges, as in GitLab. */
const SERVICE = 'container_registry';

/** The names by which clients may ask for grants: GitLab's own, and that of its proxy of other registries. */
export const SERVICES: readonly string[] = [SERVICE, 'dependency_proxy'];

/**
 * The challenge of a 401: where clients get a token, and the scope that the request needs.
 */
export function challenge(
  request: Request,
  { registry, address }: FormatCall,
  error?: RegistryError,
): string {
  if (address.routes === 'tokens') return DEFAULT_CHALLENGE;
  const scope = scopeOf(request, address.path);
  const parameters = [
    ['realm', `${registry.settings.url}/jwt/auth`],
    ['service', SERVICE],
    ...(scope === undefined ? [] : [['scope', scope]]),
    ...(error?.code === 'notGranted' ? [['error', 'insufficient_scope']] : []),
    ...(error?.code === 'invalidGrant' ? [['error', 'invalid_token']] : []),
  ];
  return `Bearer ${parameters.map(([name, value]) => `${name}="${value}"`).join(',')}`;
}

const actions: Readonly<Record<string, string>> = { GET: 'pull', HEAD: 'pull', DELETE: 'delete' };

/** The scope that a request needs; undefined if it is for no repository. */
function scopeOf({ method, url }: Request, path: string): string | undefined {
  if (path === '/_catalog') return 'registry:catalog:*';
  const canonical = canonicalPath(path);
  const [, encoded = '', kind] = canonical.split('/');
  const repository = decodeURIComponent(encoded);
  if (kind === undefined || !isQuotable(repository)) return undefined;
  if (!canonical.includes('/blobs/uploads')) {
    return `repository:${repository}:${actions[method] ?? 'pull,push'}`;
  }
  const from = new URL(url).searchParams.get('from');
  const source = from !== null && isQuotable(from) ? ` repository:${from}:pull` : '';
  return `repository:${repository}:pull,push${source}`;
}

/** Whether a text can be part of a scope in quotes. */
function isQuotable(text: string): boolean {
  return text !== '' && !/["\\\s]/.test(text);
}
