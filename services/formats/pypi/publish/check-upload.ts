import { badRequest, invalidPackage } from '../../../domain/errors.ts';
import { normalizedName } from '../names.ts';
import { canonicalVersion } from '../versions.ts';
import { type CoreMetadata, readCoreMetadata } from './core-metadata.ts';
import type { Received } from './receive-upload.ts';

/**
 * Reads the metadata of an upload, and checks that the form, the file name and the archive agree on name and
 * version: an installer must find in the file what the index promised.
 * @throws RegistryError naming the field that is missing, invalid or different
 */
export function checkedMetadata({ distribution, metadata: { path, bytes }, field }: Received): CoreMetadata {
  const { fileName, name, version } = distribution;
  const metadata = readCoreMetadata(bytes, path);
  requireFields(field);
  requireSame('name', field('name'), metadata.name, path, normalizedName);
  requireSame('version', field('version'), metadata.version, path, canonicalVersion);
  if (normalizedName(metadata.name) !== name) {
    throw invalidPackage(`The file is named ${fileName}, but ${path} in it has the name ${metadata.name}`);
  }
  if (canonicalVersion(metadata.version) !== canonicalVersion(version)) {
    throw invalidPackage(
      `The file is named ${fileName}, but ${path} in it has the version ${metadata.version}`,
    );
  }
  const sent = field('requires_python');
  if (sent !== '' && specifiers(sent) !== specifiers(metadata.requiresPython)) {
    throw differs('requires_python', sent, metadata.requiresPython, path);
  }
  return metadata;
}

/** Words the error as GitLab does. */
function requireFields(field: Received['field']): void {
  const missing = ['name', 'version'].filter((name) => field(name) === '');
  if (missing.length > 0) throw badRequest(missing.map((name) => `${name} is missing`).join(', '));
}

function requireSame(
  what: string,
  sent: string,
  actual: string,
  path: string,
  normalized: (text: string) => string | undefined,
): void {
  const [said, real] = [normalized(sent), normalized(actual)];
  if (said === undefined) throw badRequest(`"${sent.slice(0, 100)}" is not a valid ${what}`);
  if (real === undefined) throw invalidPackage(`"${actual.slice(0, 100)}" in ${path} is not a valid ${what}`);
  if (said !== real) throw differs(what, sent, actual, path);
}

function differs(what: string, sent: string, actual: string, path: string) {
  const [said, real] = [sent, actual].map((text) => text.slice(0, 200));
  return invalidPackage(`${what} is "${said}" in the form but "${real}" in ${path}`);
}

/** Version specifiers without spaces and sorted, for comparison. */
function specifiers(text: string): string {
  return text
    .split(',')
    .map((part) => part.replaceAll(/\s+/g, ''))
    .filter((part) => part !== '')
    .sort()
    .join();
}
