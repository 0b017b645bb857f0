import { invalidPackage } from '../../../domain/errors.ts';
import {
  type ArchiveLimits,
  type TarEntry,
  tarEntries,
  UnreadableArchive,
} from '../../../shared/archive/tar-entries.ts';
import { parseJson } from '../../../shared/json/parse-json.ts';
import type { Manifest } from '../schema.ts';

/** The most values in package.json: each dependency is one. */
const MANIFEST_VALUES = 100_000;

/** The limits on a tarball; `manifest` and `readme` are in bytes. */
export const limits: ArchiveLimits & { readonly manifest: number; readonly readme: number } = {
  entries: 200_000,
  unpacked: 8 * 1024 ** 3,
  ratio: 250,
  manifest: 256 * 1024,
  readme: 64 * 1024,
};

/** The contents of a tarball. */
export interface Archive {
  readonly manifest: Manifest;
  readonly fileCount: number;
  readonly unpackedSize: number;
  readonly hasShrinkwrap: boolean;
  /** Whether a `binding.gyp` makes npm build the package on installation. */
  readonly hasGyp: boolean;
  /** The start of the readme; empty without a readme. */
  readonly readme: string;
}

/**
 * Reads an npm tarball while it is uploaded. Like npm, drops the first directory of each path, regardless of its
 * name.
 * @throws RegistryError `invalidPackage`
 */
export async function readArchive(body: AsyncIterable<Uint8Array>, allowed = limits): Promise<Archive> {
  const reading = new Reading(allowed);
  try {
    for await (const entry of tarEntries(body, allowed)) await reading.add(entry);
  } catch (error) {
    if (error instanceof UnreadableArchive) {
      throw invalidPackage(`The tarball can't be read: ${error.message}`, error);
    }
    throw error;
  }
  return reading.result();
}

class Reading {
  readonly #limits: typeof limits;
  #manifest: Manifest | undefined;
  #fileCount = 0;
  #unpackedSize = 0;
  #hasShrinkwrap = false;
  #hasGyp = false;
  #readme = '';
  #readmeName = '';

  constructor(allowed: typeof limits) {
    this.#limits = allowed;
  }

  async add(entry: TarEntry): Promise<void> {
    const segments = entry.path.split(/[/\\]/);
    if (segments.includes('..')) {
      throw invalidPackage(`The tarball contains a path that leads out of it: ${entry.path.slice(0, 200)}`);
    }
    if (entry.type !== 'file') return;
    this.#fileCount++;
    this.#unpackedSize += entry.size;
    const inPackage = segments.slice(1).filter((segment) => segment !== '' && segment !== '.');
    if (inPackage.length === 1) await this.#addTopLevel(inPackage[0] ?? '', entry);
  }

  async #addTopLevel(name: string, entry: TarEntry): Promise<void> {
    const lower = name.toLowerCase();
    if (lower === 'package.json') this.#manifest = await this.#readManifest(name, entry);
    else if (lower === 'npm-shrinkwrap.json') this.#hasShrinkwrap = true;
    else if (lower === 'binding.gyp') this.#hasGyp = true;
    else if (isBetterReadme(lower, this.#readmeName)) {
      this.#readmeName = lower;
      this.#readme = textOf(await entry.head(this.#limits.readme));
    }
  }

  async #readManifest(name: string, entry: TarEntry): Promise<Manifest> {
    // With two, the installed one would depend on the file system and the order.
    if (this.#manifest || name !== 'package.json') {
      throw invalidPackage('The tarball must contain exactly one package.json, in lower case');
    }
    if (entry.size > this.#limits.manifest) {
      throw invalidPackage(
        `package.json has ${entry.size} bytes; at most ${this.#limits.manifest} are allowed`,
      );
    }
    try {
      const manifest = parseJson(textOf(await entry.head(entry.size)), { values: MANIFEST_VALUES });
      if (typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)) {
        return manifest as Manifest;
      }
    } catch (error) {
      throw invalidPackage(
        `package.json in the tarball is not valid JSON: ${(error as Error).message}`,
        error,
      );
    }
    throw invalidPackage('package.json in the tarball is not an object');
  }

  result(): Archive {
    if (!this.#manifest) {
      throw invalidPackage('The tarball has no package.json in its top directory (package/package.json)');
    }
    return {
      manifest: this.#manifest,
      fileCount: this.#fileCount,
      unpackedSize: this.#unpackedSize,
      hasShrinkwrap: this.#hasShrinkwrap,
      hasGyp: this.#hasGyp,
      readme: this.#readme,
    };
  }
}

/** Prefers Markdown to other readmes, and the first one of each kind. @param current the best so far, or empty */
function isBetterReadme(name: string, current: string): boolean {
  if (!/^readme(\.|$)/.test(name)) return false;
  return current === '' || (!isMarkdown(current) && isMarkdown(name));
}

function isMarkdown(name: string): boolean {
  return /\.m?a?r?k?d?o?w?n?$/.test(name) && name !== 'readme';
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
