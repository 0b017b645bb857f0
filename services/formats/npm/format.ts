import { duplicatesOf, mountsOf } from '../../catalog.ts';
import type { RegistryError } from '../../domain/errors.ts';
import type { Format, RenderedError } from '../../http/format/format.ts';
import { defaultTag } from './default-tag.ts';
import { canonicalPath, namePrefix, scopeOf } from './names.ts';
import { publishNotice } from './publish/publish-notice.ts';
import { routes } from './routes.ts';
import { metadata } from './schema.ts';

/** npm packages, for npm, pnpm, Yarn, Bun and Deno. */
export const npm: Format = {
  id: 'npm',
  mounts: mountsOf('npm'),
  duplicates: duplicatesOf('npm'),
  metadata,
  fileLimit: 500 * 1024 * 1024,
  // npm explains a failed login by this scheme. It must not contain `otp` or `ipaddress`, which npm interprets.
  challenge: 'Bearer realm="npm"',
  credentialsFirst: true,
  namespaceOf: scopeOf,
  prefixes: { separators: '/', parse: namePrefix },
  defaultTag,
  canonicalPath,
  headers: publishNotice,
  exposedHeaders: ['npm-notice'],
  renderError,
  routes,
};

/**
 * npm, Yarn and Bun print `error`, other tools `message`. Publishing a version again is a 403, because clients
 * treat a 409 as a conflict and retry.
 */
function renderError(error: RegistryError, status: number): RenderedError {
  const text = error.code === 'forbidden' ? FORBIDDEN : error.message;
  const message = text.slice(0, 1000).toWellFormed();
  return {
    status: error.code === 'duplicateVersion' ? 403 : status,
    contentType: 'application/json',
    body: JSON.stringify({ error: message, message }),
  };
}

const FORBIDDEN =
  'Your role or token does not allow this: publishing and tagging need the role Developer, deprecating and ' +
  'unpublishing Maintainer';
