import { duplicatesOf, mountsOf } from '../../catalog.ts';
import { DuplicateFile, type RegistryError } from '../../domain/errors.ts';
import { DEFAULT_CHALLENGE, gitlabError } from '../../http/answer/render-error.ts';
import type { Format, RenderedError } from '../../http/format/format.ts';
import { parsePackageId } from './names.ts';
import { routes } from './routes.ts';
import { fileMetadata, metadata } from './schema.ts';

/** NuGet packages, for dotnet, nuget, Visual Studio and Chocolatey. */
export const nuget: Format = {
  id: 'nuget',
  mounts: mountsOf('nuget'),
  duplicates: duplicatesOf('nuget'),
  duplicatesAllowed: true,
  prefixes: { separators: '.', parse: parsePackageId },
  metadata,
  fileMetadata,
  fileLimit: 500 * 1024 * 1024,
  challenge: DEFAULT_CHALLENGE,
  // `--api-key` of dotnet and choco. GitLab accepts a token there, too.
  tokenHeaders: ['x-nuget-apikey'],
  credentialsFirst: false,
  exposedHeaders: ['x-nuget-warning'],
  renderError,
  routes,
};

/**
 * Clients show the status line of a refusal, and this header as a warning, but not the body. A 401 makes them send
 * credentials, and a 404 makes them try another source: neither deserves a warning.
 */
function renderError(error: RegistryError, status: number): RenderedError {
  const reason = reasonOf(error);
  const body = JSON.stringify({ message: reason });
  const rendered = { ...gitlabError(error, status), ...(error instanceof DuplicateFile && { body }), reason };
  if (status === 401 || status === 404) return rendered;
  return { ...rendered, headers: { 'x-nuget-warning': headerText(reason) } };
}

const FORBIDDEN =
  'Your role or token does not allow this: pushing needs the role Developer, unlisting and relisting Maintainer';

function reasonOf(error: RegistryError): string {
  if (error instanceof DuplicateFile) {
    return `${error.existing.name} ${error.existing.version} already exists and cannot be pushed again`;
  }
  return error.code === 'forbidden' ? FORBIDDEN : error.message;
}

function headerText(message: string): string {
  return message.replaceAll(/[^\x20-\x7e]+/g, '?').slice(0, 500);
}
