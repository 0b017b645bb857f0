import { invalidPackage } from '../../../domain/errors.ts';
import { UnreadableArchive } from '../../../shared/archive/tar-entries.ts';
import { type RandomAccess, type ZipEntry, zipEntries } from '../../../shared/archive/zip-entries.ts';
import type { Nuspec } from '../schema.ts';
import { readNuspec } from './nuspec.ts';

/** The most entries of a package, and their unpacked bytes in all: clients unpack everything. */
const LIMITS = { entries: 50_000, unpacked: 10 * 1024 ** 3 };

/** The largest nuspec, in bytes. */
const NUSPEC_LIMIT = 1 << 20;

/** The largest readme, icon or licence that is served, in bytes; nuget.org accepts no larger ones. */
const EXTRACT_LIMIT = 1 << 20;

/**
 * Yields the entries of a package file.
 * @throws RegistryError `invalidPackage` with the reason
 */
export async function* packageEntries(source: RandomAccess): AsyncGenerator<ZipEntry> {
  let unpacked = 0;
  try {
    for await (const entry of zipEntries(source, LIMITS)) {
      unpacked += entry.size;
      if (unpacked > LIMITS.unpacked) {
        throw new UnreadableArchive(`it unpacks to more than ${LIMITS.unpacked} bytes`);
      }
      yield { ...entry, bytes: (limit) => entry.bytes(limit).catch(refuse) };
    }
  } catch (error) {
    refuse(error);
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof UnreadableArchive)) throw error;
  throw invalidPackage(`The package can't be read: ${error.message}`, error);
}

/** A package, or symbol package. */
export interface Nupkg {
  /** Paths in it of files that the package lacks are empty. */
  readonly nuspec: Nuspec;
  /** The paths of all entries of the archive's directory. */
  readonly paths: ReadonlySet<string>;
}

/**
 * Reads the nuspec in the root of a package, and the archive's directory.
 * @throws RegistryError `invalidPackage` with the reason
 */
export async function readNupkg(source: RandomAccess): Promise<Nupkg> {
  const seen = new Set<string>();
  let nuspec: Nuspec | undefined;
  for await (const entry of packageEntries(source)) {
    seen.add(pathOf(entry.path));
    if (!/^[^/]+\.nuspec$/i.test(entry.path)) continue;
    if (nuspec) throw invalidPackage('The package has more than one nuspec in its root');
    nuspec = readNuspec(await entry.bytes(NUSPEC_LIMIT));
  }
  if (!nuspec) throw invalidPackage('The package has no nuspec in its root');
  const present = (path: string) => (path !== '' && seen.has(pathOf(path)) ? path : '');
  const { license, icon, readme } = nuspec;
  return {
    nuspec: { ...nuspec, license: present(license), icon: present(icon), readme: present(readme) },
    paths: seen,
  };
}

/**
 * Reads one entry of a package. Returns undefined if it is missing or unreadable.
 * @param pathOrPattern a path as written in a nuspec, or a pattern for paths
 */
export async function readEntry(
  source: RandomAccess,
  pathOrPattern: string | RegExp,
): Promise<Buffer | undefined> {
  const path = typeof pathOrPattern === 'string' ? pathOf(pathOrPattern) : pathOrPattern;
  try {
    for await (const entry of zipEntries(source, LIMITS)) {
      const found = typeof path === 'string' ? pathOf(entry.path) === path : path.test(entry.path);
      if (found) return await entry.bytes(EXTRACT_LIMIT);
    }
  } catch (error) {
    if (!(error instanceof UnreadableArchive)) throw error;
  }
  return undefined;
}

/** Normalizes paths of nuspecs and archives, which may be percent-encoded and use either slash. */
function pathOf(path: string): string {
  let plain = path;
  try {
    plain = decodeURIComponent(path);
  } catch {
    // A literal percent sign.
  }
  return plain.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
}
