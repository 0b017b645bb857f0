import { invalidPackage } from '../../../domain/errors.ts';
import { type ArchiveLimits, tarEntries, UnreadableArchive } from '../../../shared/archive/tar-entries.ts';
import { type RandomAccess, type ZipEntry, zipEntries } from '../../../shared/archive/zip-entries.ts';
import type { Distribution } from '../file-names.ts';
import { normalizedName } from '../names.ts';
import { canonicalVersion } from '../versions.ts';

/** The limits on an archive; `metadata` is in bytes. */
export const limits: ArchiveLimits & { readonly metadata: number } = {
  entries: 200_000,
  unpacked: 8 * 1024 ** 3,
  ratio: 250,
  metadata: 4 * 1024 * 1024,
};

/** The metadata file in an archive. */
export interface MetadataFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Installers accept no wheel without these files. */
const wheelFiles: readonly string[] = ['METADATA', 'WHEEL', 'RECORD'];

const ENDING = '.dist-info';

/**
 * Reads the PKG-INFO of a source distribution, a gzipped tar archive, while it is uploaded.
 * @throws RegistryError `invalidPackage`
 */
export async function readTarSdist(body: AsyncIterable<Uint8Array>, allowed = limits): Promise<MetadataFile> {
  let found: MetadataFile | undefined;
  return inWords(async () => {
    for await (const entry of tarEntries(body, allowed)) {
      const path = pathOf(entry.path);
      if (!isPkgInfo(path)) continue;
      if (found || entry.type !== 'file') throw onePkgInfo();
      if (entry.size > allowed.metadata) throw tooLong('PKG-INFO', allowed.metadata);
      found = { path: path.join('/'), bytes: await entry.head(allowed.metadata) };
    }
    return found ?? missingPkgInfo();
  });
}

/**
 * Reads the PKG-INFO of a source distribution that is a zip archive.
 * @throws RegistryError `invalidPackage`
 */
export async function readZipSdist(source: RandomAccess, allowed = limits): Promise<MetadataFile> {
  let found: MetadataFile | undefined;
  return inWords(async () => {
    for await (const entry of zipEntries(source, allowed)) {
      const path = pathOf(entry.path);
      if (!isPkgInfo(path)) continue;
      if (found) throw onePkgInfo();
      found = { path: path.join('/'), bytes: await entry.bytes(allowed.metadata) };
    }
    return found ?? missingPkgInfo();
  });
}

/**
 * Reads the METADATA of a wheel, from its only `.dist-info` directory.
 * @throws RegistryError `invalidPackage`
 */
export async function readWheel(
  source: RandomAccess,
  distribution: Distribution,
  allowed = limits,
): Promise<MetadataFile> {
  return inWords(async () => {
    const reading = new DistInfo(allowed.metadata);
    for await (const entry of zipEntries(source, allowed)) await reading.add(entry);
    return reading.result(distribution);
  });
}

class DistInfo {
  readonly #limit: number;
  readonly #seen = new Set<string>();
  #directory: string | undefined;
  #metadata: Uint8Array | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async add(entry: ZipEntry): Promise<void> {
    const [top = '', file = '', ...deeper] = pathOf(entry.path);
    if (!top.toLowerCase().endsWith(ENDING)) return;
    this.#directory ??= top;
    if (this.#directory !== top) {
      throw invalidPackage(`The wheel has two ${ENDING} directories: ${this.#directory} and ${top}`);
    }
    if (deeper.length > 0 || !wheelFiles.includes(file)) return;
    if (this.#seen.has(file)) throw invalidPackage(`The wheel has ${top}/${file} twice`);
    this.#seen.add(file);
    if (file === 'METADATA') this.#metadata = await entry.bytes(this.#limit);
  }

  result({ name, version }: Distribution): MetadataFile {
    const directory = this.#directory;
    if (directory === undefined) throw invalidPackage(`The wheel has no ${ENDING} directory`);
    const missing = wheelFiles.find((file) => !this.#seen.has(file));
    if (missing !== undefined) throw invalidPackage(`The wheel has no ${directory}/${missing}`);
    const stem = directory.slice(0, -ENDING.length);
    const dash = stem.lastIndexOf('-');
    const named = normalizedName(stem.slice(0, Math.max(dash, 0)));
    if (named !== name || canonicalVersion(stem.slice(dash + 1)) !== canonicalVersion(version)) {
      throw invalidPackage(`${directory} in the wheel does not match ${name} ${version} in its file name`);
    }
    return { path: `${directory}/METADATA`, bytes: this.#metadata ?? new Uint8Array() };
  }
}

/** The segments of a path in an archive. */
function pathOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) {
    throw invalidPackage(`The archive contains a path that leads out of it: ${path.slice(0, 200)}`);
  }
  return segments;
}

function isPkgInfo(path: readonly string[]): boolean {
  // Old tools put the metadata of setuptools at the top as well.
  return path.length === 2 && path[1] === 'PKG-INFO' && !path[0]?.endsWith('.egg-info');
}

function onePkgInfo() {
  return invalidPackage('The source distribution must have exactly one <directory>/PKG-INFO, a regular file');
}

function missingPkgInfo(): never {
  throw invalidPackage(
    'The source distribution has no PKG-INFO in its top directory (<name>-<version>/PKG-INFO)',
  );
}

function tooLong(file: string, limit: number) {
  return invalidPackage(`${file} has more than ${limit} bytes`);
}

async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UnreadableArchive)) throw error;
    throw invalidPackage(`The archive can't be read: ${error.message}`, error);
  }
}
