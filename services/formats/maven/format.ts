import { STATUS_CODES } from 'node:http';
import { duplicatesOf, mountsOf } from '../../catalog.ts';
import type { RegistryError } from '../../domain/errors.ts';
import { DEFAULT_CHALLENGE, gitlabError } from '../../http/answer/render-error.ts';
import type { Format, RenderedError } from '../../http/format/format.ts';
import { namePrefix } from './names.ts';
import { routes } from './routes.ts';
import { metadata, pluginMetadata } from './schema.ts';

/** Maven artifacts, for Maven, Gradle, sbt and other clients of the Maven repository layout. */
export const maven: Format = {
  id: 'maven',
  mounts: mountsOf('maven'),
  duplicates: duplicatesOf('maven'),
  duplicatesAllowed: true,
  idempotent: true,
  // Deployers that work in parallel do.
  digestsMayComeFirst: true,
  prefixes: { separators: '/', parse: namePrefix },
  metadata,
  subpackageMetadata: pluginMetadata,
  fileLimit: 3 * 1024 ** 3,
  // sbt looks for credentials by this realm.
  challenge: DEFAULT_CHALLENGE,
  credentialsFirst: false,
  exposedHeaders: ['x-checksum-md5', 'x-checksum-sha1', 'x-checksum-sha512'],
  renderError,
  routes,
};

const UNAUTHORIZED = 'Unauthorized: the token is missing, wrong, expired or revoked';
const FORBIDDEN = 'Forbidden: the role or token does not allow this; publishing needs the role Developer';

/**
 * GitLab's error body with the members of RFC 9457, which Maven prints since 3.9.11. Older versions and Gradle
 * show only the status line. A 404 is not a problem document: Maven 3.9.11 would treat it as a failure of the
 * repository, while it takes a plain 404 to mean that another repository may have the file.
 */
function renderError(error: RegistryError, status: number): RenderedError {
  const shown = error.code === 'duplicateFile' ? 400 : status;
  const reason = reasonOf(error);
  const rendered = gitlabError(error, shown);
  if (shown === 404) return { ...rendered, reason };
  const problem = { type: 'about:blank', title: STATUS_CODES[shown], status: shown, detail: reason };
  return {
    ...rendered,
    contentType: 'application/problem+json',
    body: JSON.stringify({ ...(JSON.parse(rendered.body) as object), ...problem }),
    reason,
  };
}

function reasonOf(error: RegistryError): string {
  if (error.code === 'unauthenticated') return UNAUTHORIZED;
  if (error.code === 'forbidden') return FORBIDDEN;
  return error.message.slice(0, 1000).toWellFormed();
}
