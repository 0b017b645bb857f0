/**
 * Symbol packages (https://learn.microsoft.com/nuget/create-packages/symbol-packages-snupkg). They are stored with
 * their version, and so is each symbol file in them, for debuggers.
 */

import { posix } from 'node:path';
import { invalidPackage } from '../../../domain/errors.ts';
import { parseFileName, required } from '../../../domain/names.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import type { FormatContext, Target } from '../../../http/access/guard.ts';
import { blobAccess } from '../../../registry/blobs/blob-access.ts';
import { discardUnless, stageBlob } from '../../../registry/blobs/stage-blob.ts';
import type { Registry } from '../../../registry/context.ts';
import { addFiles } from '../../../registry/packages/add-files.ts';
import type { NewFile } from '../../../registry/packages/publish-version.ts';
import { readVersions } from '../../../registry/packages/read-versions.ts';
import { checkPublishRules } from '../../../registry/publish-rules/publish-rules.ts';
import type { RandomAccess } from '../../../shared/archive/zip-entries.ts';
import { symbolPackageFile } from '../addresses.ts';
import { packageId, packageVersion } from '../names.ts';
import { packageEntries, readNupkg } from '../publish/archive.ts';
import { type Metadata, type Nuspec, type SymbolFacts, metadata as versionMetadata } from '../schema.ts';
import { REMEDY } from './legacy-symbols.ts';
import { readPdb } from './read-pdb.ts';

/** The largest symbol file, in bytes, which is read into memory, and the most symbol files in a package. */
const PDB_LIMIT = 64 * 1024 * 1024;
const MAX_PDBS = 500;

/** The most bytes of all symbol files, and the most per byte of the package, against zip bombs. */
const ALL_PDBS = 1024 ** 3;
const MAX_RATIO = 100;
const PDB = /\.pdb$/i;

/** The longest name of a symbol file, in bytes, as on most file systems. */
const MAX_NAME = 255;

/** Whether a nuspec declares a symbol package. */
export function isSymbolPackage({ packageTypes }: Nuspec): boolean {
  return packageTypes.some(({ name }) => name.toLowerCase() === 'symbolspackage');
}

/** The alias by which a symbol file is found, in lower case: debuggers vary the case of names and signatures. */
export function symbolAlias(fileName: string, signature: string): string {
  return `${fileName}/${signature}`.toLowerCase();
}

/**
 * Adds a symbol package to its version, which must exist. The package itself is stored last: until then, a push of
 * very many symbols that failed half-way can be repeated, regardless of the duplicates rule.
 * @throws RegistryError `invalidPackage`
 */
export async function pushSymbols(c: FormatContext, target: Target, blob: StagedBlob): Promise<void> {
  const { registry } = c.env;
  const source = blobAccess(registry, blob);
  const { nuspec } = await readNupkg(source);
  if (!isSymbolPackage(nuspec)) {
    throw invalidPackage(
      `This is not a symbol package: its nuspec has no package type "SymbolsPackage"; ${REMEDY}`,
    );
  }
  const { id } = nuspec;
  const release = { name: packageId(id), version: packageVersion(nuspec.version) };
  const fileName = symbolPackageFile(release);
  const added = { ...target, format: c.env.format, ...release, displayName: id };
  const ref = { projectId: target.project.id, format: c.env.format.id, ...release };
  const [[version]] = await Promise.all([
    readVersions(registry, [ref], versionMetadata),
    checkPublishRules(registry, { ...added, files: [{ fileName }] }),
  ]);
  if (!version)
    throw invalidPackage(`Push ${id} ${release.version} before its symbols: this version does not exist`);

  const files: NewFile[] = [];
  const staged: StagedBlob[] = [];
  await discardUnless(registry, staged, async () => {
    for await (const file of pdbFiles(registry, source)) {
      files.push(file);
      staged.push(file.blob);
    }
    files.push({ fileName, contentType: 'application/octet-stream', blob });
    const { metadata, id: mustExist } = version;
    await addFiles<Metadata>(registry, { ...added, metadata, mustExist, files });
  });
}

/** Stages every symbol file in a package, each identity once. */
async function* pdbFiles(registry: Registry, source: RandomAccess): AsyncGenerator<NewFile> {
  const seen = new Set<string>();
  const limit = Math.min(ALL_PDBS, MAX_RATIO * source.size);
  let unpacked = 0;
  for await (const { path, size } of packageEntries(source)) unpacked += PDB.test(path) ? size : 0;
  if (unpacked > limit)
    throw invalidPackage(`The package has ${unpacked} bytes of symbols; at most ${limit} are allowed`);
  for await (const entry of packageEntries(source)) {
    if (!PDB.test(entry.path)) continue;
    const bytes = await entry.bytes(PDB_LIMIT);
    const pdb = readPdb(bytes);
    if (!pdb) throw invalidPackage(`${entry.path} is not a symbol file (PDB)`);
    const name = posix.basename(entry.path);
    if (Buffer.byteLength(name) > MAX_NAME) {
      throw invalidPackage(
        `The name of the symbol file ${name.slice(0, 100)}... has more than ${MAX_NAME} bytes`,
      );
    }
    const alias = symbolAlias(name, pdb.signature);
    if (seen.has(alias)) continue;
    seen.add(alias);
    if (seen.size > MAX_PDBS) throw invalidPackage(`The package has more than ${MAX_PDBS} symbol files`);
    const { blob } = await stageBlob(registry, singleChunk(bytes), { limit: PDB_LIMIT });
    const metadata: SymbolFacts = { checksum: pdb.checksum };
    const contentType = 'application/octet-stream';
    const fileName = required('fileName', parseFileName(`${alias}/${name}`));
    yield { fileName, contentType, blob, alias, metadata, goesAlong: true };
  }
}

async function* singleChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
