import { duplicatesOf, mountsOf } from '../../catalog.ts';
import type { Format } from '../../http/format/format.ts';
import { challenge } from './challenge.ts';
import { renderError } from './errors.ts';
import { canonicalPath } from './names.ts';
import { routes } from './routes.ts';
import { metadata } from './schema.ts';
import { tokenRoutes } from './tokens/routes.ts';

/** Container images and other OCI artifacts, for Docker, containerd, Podman, Helm, ORAS and Cosign. */
export const container: Format = {
  id: 'container',
  mounts: mountsOf('container'),
  duplicates: duplicatesOf('container'),
  feature: 'containers',
  projectOnly: true,
  grants: true,
  metadata,
  fileLimit: 100 * 1024 ** 3,
  challenge,
  credentialsFirst: false,
  canonicalPath,
  headers: () => ({ 'docker-distribution-api-version': 'registry/2.0' }),
  exposedHeaders: ['docker-content-digest', 'oci-subject', 'oci-filters-applied'],
  renderError,
  routes,
  moreRoutes: { tokens: tokenRoutes },
};
