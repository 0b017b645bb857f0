import { invalidPackage } from '../../../domain/errors.ts';
import { UnreadableArchive } from '../../../shared/archive/tar-entries.ts';
import { type RandomAccess, type ZipEntry, zipEntries } from '../../../shared/archive/zip-entries.ts';
import type { Nuspec } from '../schema.ts';
import { readNuspec } from './nuspec.ts';

/** The most entries of a package, and the most bytes of all of them unpacked: clients unpack everything. */
const LIMITS = { entries: 50_000, unpacked: 10 * 1024 ** 3 };

/** The most bytes of a nuspec. */
const NUSPEC_LIMIT = 1 << 20;

/** The most bytes of a readme, an icon or a licence that are served; nuget.org takes no larger ones. */
const EXTRACT_LIMIT = 1 << 20;

/**
 * The entries of a package file.
 * @throws RegistryError `invalidPackage` saying what is wrong with it
 */
export async function* packageEntries(source: RandomAccess): AsyncGenerator<ZipEntry> {
  let unpacked = 0;
  try {
    for await (const entry of zipEntries(source, LIMITS)) {
      unpacked += entry.size;
      if (unpacked > LIMITS.unpacked) {
        throw new UnreadableArchive(`it has more than ${LIMITS.unpacked} bytes when it is unpacked`);
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

/**
 * Reads a package (or symbol package) by the directory of its archive: the one nuspec in its root, and which of the
 * files that the nuspec names are there.
 * @throws RegistryError `invalidPackage` saying what is wrong with it
 */
export async function readNupkg(source: RandomAccess): Promise<Nuspec> {
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
  return { ...nuspec, license: present(license), icon: present(icon), readme: present(readme) };
}

/**
 * The bytes of one entry of a package; undefined when there is none, or none that can be read. `wanted` is a path as a
 * nuspec has it, or a test of paths.
 */
export async function readEntry(source: RandomAccess, wanted: string | RegExp): Promise<Buffer | undefined> {
  const path = typeof wanted === 'string' ? pathOf(wanted) : wanted;
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

/** One spelling for paths of nuspecs and of archives, which may escape them and are written with either slash. */
function pathOf(path: string): string {
  let plain = path;
  try {
    plain = decodeURIComponent(path);
  } catch {
    // A percent sign of its own.
  }
  return plain.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
}
