import { duplicatesOf, mountsOf } from '../../catalog.ts';
import { DuplicateFile, type RegistryError } from '../../domain/errors.ts';
import { identityOf } from '../../domain/packages.ts';
import { DEFAULT_CHALLENGE } from '../../http/answer/render-error.ts';
import type { Format, RenderedError } from '../../http/format/format.ts';
import { namedFile } from './file-names.ts';
import { normalizedName } from './names.ts';
import { routes } from './routes.ts';
import { fileMetadata, metadata } from './schema.ts';
import { canonicalVersion } from './versions.ts';

/** Python packages, for pip, uv, Poetry, twine and other clients of the simple API and the legacy upload API. */
export const pypi: Format = {
  id: 'pypi',
  mounts: mountsOf('pypi'),
  duplicates: duplicatesOf('pypi'),
  metadata,
  fileMetadata,
  // Clients repeat uploads that failed half-way.
  idempotent: true,
  prefixes: { separators: '-', parse: normalizedName },
  normalizedVersion: (version) => canonicalVersion(version) ?? version,
  fileIdentity: (fileName) => identityOf(namedFile(fileName)),
  fileLimit: 3 * 1024 ** 3,
  challenge: DEFAULT_CHALLENGE,
  // uv and pip consult keyrings only after a 401. After a 404 they would try the next index, where anyone may have
  // published something under the name of a private package.
  credentialsFirst: false,
  renderError,
  routes,
};

const MESSAGES: Readonly<Record<string, string>> = {
  unauthenticated:
    'The token is missing, wrong, expired or revoked: send one as the password, with any user name, or a deploy ' +
    'token with its own',
  forbidden:
    'Your role or token does not allow this: installing needs the role Reporter, publishing Developer, yanking ' +
    'Maintainer',
};

/**
 * twine, flit and pip show the reason phrase, Poetry the body, uv the `code` in it. A file that already exists is a
 * 400, as on GitLab and PyPI: clients that skip existing files check for it.
 */
function renderError(error: RegistryError, status: number): RenderedError {
  const text =
    MESSAGES[error.code] ?? (error instanceof DuplicateFile ? duplicateText(error) : error.message);
  const message = text
    .slice(0, 2000)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '?');
  return {
    status: error.code === 'duplicateFile' ? 400 : status,
    contentType: 'application/json',
    body: JSON.stringify({ message, code: message }),
    reason: message,
  };
}

/** GitLab's wording, by which Poetry and old twines recognize an existing file, and PyPI's, by which all do. */
function duplicateText({ existing: { fileName, sameBytes } }: DuplicateFile): string {
  return (
    `Validation failed: File name has already been taken: ${fileName} already exists, with ` +
    `${sameBytes ? 'the same content' : 'other content; publish a change as a new version'}`
  );
}
