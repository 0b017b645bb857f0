import type { RegistryError } from '../../../services/domain/errors.ts';
import type { Format, RenderedError } from '../../../services/http/format/format.ts';
import { toyMetadata } from './metadata.ts';
import { toyIndex } from './repository-index.ts';
import { discoveryRoutes, routes } from './routes.ts';

/**
 * A format that exists in tests only, to prove that the frame knows no format: it is served at addresses unlike GitLab's,
 * with a document at the root of the host, a challenge that depends on the request, a token header of its own, a signed
 * index over all packages of a project, and metadata that may be stored in an older layout.
 */
export const toy: Format = {
  id: 'toy2',
  mounts: [
    { level: 'project', path: '/toy2/p/{owner}/files' },
    { level: 'group', path: '/toy2/g/{owner}/files' },
    { level: 'group', path: '/toy2/groups/{owner}/-/files' },
    { level: 'instance', path: '/toy2/files' },
    { level: 'instance', path: '/.well-known/toy2.json', routes: 'discovery' },
  ],
  duplicates: 'never',
  metadata: toyMetadata,
  index: toyIndex,
  fileLimit: 10 * 1024 ** 2,
  challenge: (_request, { address, registry }) =>
    `Toy realm="${registry.settings.url}/.well-known/toy2.json", scope="${address.level}:${address.path}"`,
  tokenHeaders: ['x-toy-key'],
  credentialsFirst: false,
  exposedHeaders: ['x-toy-digest'],
  renderError,
  routes,
  moreRoutes: { discovery: discoveryRoutes },
};

function renderError(error: RegistryError, status: number): RenderedError {
  return { status, contentType: 'text/plain', body: `toy: ${error.message}\n` };
}
