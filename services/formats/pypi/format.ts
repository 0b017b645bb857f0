import { duplicatesOf, mountsOf } from '../../catalog.ts';
import { DuplicateFile, type RegistryError } from '../../domain/errors.ts';
import { identityOf } from '../../domain/packages.ts';
import { DEFAULT_CHALLENGE } from '../../http/answer/render-error.ts';
import type { Format, RenderedError } from '../../http/format/format.ts';
import { namedFile } from './file-names.ts';
import { routes } from './routes.ts';
import { fileMetadata, metadata } from './schema.ts';

/** Python packages, for pip, uv, Poetry, twine and whatever else speaks the simple API and the legacy upload API. */
export const pypi: Format = {
  id: 'pypi',
  mounts: mountsOf('pypi'),
  duplicates: duplicatesOf('pypi'),
  precedence: 'first-file',
  metadata,
  fileMetadata,
  fileIdentity: (fileName) => identityOf(namedFile(fileName)),
  fileLimit: 3 * 1024 ** 3,
  challenge: DEFAULT_CHALLENGE,
  // uv and pip look into keyrings only after a 401. After a 404 they would go on to the next index, and find there
  // whatever someone else has put under the name of a private package.
  credentialsFirst: false,
  renderError,
  routes,
};

const WORDS: Readonly<Record<string, string>> = {
  unauthenticated:
    'The token is missing, wrong, expired or revoked: send one as the password, with any user name, or a deploy ' +
    'token with its own',
  forbidden:
    'Your role or token does not allow this: installing needs the role Reporter, publishing Developer, yanking ' +
    'Maintainer',
};

/**
 * twine, flit and pip show the reason phrase, Poetry the body, uv its `code`. A file that is there is a 400, because
 * that is what GitLab and PyPI answer and what clients that skip such files look at.
 */
function renderError(error: RegistryError, status: number): RenderedError {
  const text = WORDS[error.code] ?? (error instanceof DuplicateFile ? duplicateText(error) : error.message);
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

/** GitLab's words, by which Poetry and old twines know that a file is there, and PyPI's, by which all do. */
function duplicateText({ existing: { fileName, sameBytes } }: DuplicateFile): string {
  return (
    `Validation failed: File name has already been taken: ${fileName} already exists, with ` +
    `${sameBytes ? 'the same content' : 'other content; publish a change as a new version'}`
  );
}
