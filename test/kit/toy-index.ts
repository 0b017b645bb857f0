import { randomBytes } from 'node:crypto';
import { readCleartextMessage, readKeys, verify } from 'openpgp';
import type { Project } from '../../services/domain/accounts.ts';
import type { FormatRules } from '../../services/domain/format-rules.ts';
import type { PackageStatus } from '../../services/domain/packages.ts';
import type { Seal } from '../../services/ports/seal.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import type { Registry } from '../../services/registry/context.ts';
import {
  type BuildOptions,
  type BuildOutcome,
  buildIndex,
  type IndexedRules,
} from '../../services/registry/indexes/build-index.ts';
import {
  type DocumentQuery,
  documentKeys,
  type FoundDocument,
  findRepositoryDocument,
} from '../../services/registry/indexes/find-document.ts';
import { documentBytes } from '../../services/registry/indexes/index-documents.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { changeVersions } from '../../services/registry/packages/change-versions.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import type { IndexRef } from '../../services/registry/records/keys.ts';
import { readItems } from '../../services/registry/records/read-items.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { named } from './names.ts';
import { withPreparedKeys } from './prepared-keys.ts';
import { toy } from './toy-format/format.ts';
import type { ToyMetadata } from './toy-format/metadata.ts';
import { toyIndex } from './toy-format/repository-index.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

/** The rules of the toy format that the core gets. */
export const toyRules: IndexedRules = { ...toy, index: toyIndex };

/** Reads a document of an index as a request does. */
export async function readRepositoryDocument(
  registry: Registry,
  rules: IndexedRules,
  query: DocumentQuery,
): Promise<FoundDocument | undefined> {
  const items = await readItems(registry.table, documentKeys(query));
  return findRepositoryDocument(registry, rules, { query, items });
}

/** Packages of the toy format in a project, and the index over them, as one process sees them. */
export function toyPackages(registry: Registry, project: Project, rules: IndexedRules = toyRules) {
  const ref: IndexRef = { projectId: project.id, format: rules.id, index: 'main' };
  const facts = { project, actor, format: rules.id };

  async function document(name: string): Promise<Buffer | undefined> {
    const found = await readRepositoryDocument(registry, rules, { ref, name });
    if (!found) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of documentBytes(registry.blobs, found)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The text of a document that must exist. */
  async function text(name: string): Promise<string> {
    const bytes = await document(name);
    if (!bytes) throw new Error(`no document ${name}`);
    return bytes.toString();
  }

  return {
    ref,
    document,
    text,
    /** Publishes one more file of a version; it replaces one of the same name. */
    async publish(
      name: string,
      version: string,
      more: { metadata?: ToyMetadata; file?: string; status?: PackageStatus; amend?: ToyMetadata } = {},
    ) {
      const { metadata = {}, file = 'toy.bin', status = 'default', amend } = more;
      const blob = await stageBytes(registry, randomBytes(20));
      const files = [{ fileName: named.file(file), contentType: 'application/octet-stream', blob }];
      const format: FormatRules = { ...rules, duplicates: 'by-setting', duplicatesAllowed: true };
      return addFiles(registry, {
        ...{
          project,
          actor,
          format,
          name: named.package(name),
          version: named.version(version),
          metadata,
          status,
          files,
        },
        ...(amend && { amend: () => amend }),
      });
    },
    /** Publishes a version of `count` files. */
    async publishMany(name: string, version: string, count: number) {
      const files = Array.from({ length: count }, async (_, n) => ({
        fileName: named.file(`file-${String(n).padStart(3, '0')}`),
        contentType: 'application/octet-stream',
        blob: await stageBytes(registry, Buffer.from(`${name} ${version} ${n}`)),
      }));
      const input = {
        project,
        actor,
        format: rules,
        name: named.package(name),
        version: named.version(version),
        metadata: {},
      };
      return publishVersion(registry, { ...input, files: await Promise.all(files) });
    },
    remove: (name: string, version: string) =>
      removeVersion(registry, { ...facts, name: named.package(name), version: named.version(version) }),
    change: (name: string, version: string, parts: { status?: PackageStatus; metadata?: ToyMetadata }) =>
      changeVersions(
        registry,
        { project, actor, format: rules, name: named.package(name), versions: [named.version(version)] },
        () => parts,
      ),
    build: (options?: BuildOptions): Promise<BuildOutcome> => buildIndex(registry, rules, ref, options),
    /** The versions that a partition lists, as `name version`, in its order. */
    async listed(partition = 'apps'): Promise<string[]> {
      const all = (await text(`${partition}/Packages`)).matchAll(/^Package: (.*)\nVersion: (.*)$/gm);
      return [...all].map(([, name, version]) => `${name} ${version}`);
    },
    /** Checks the signature of the release; returns its text and the ids of the keys that signed it. */
    async release(): Promise<{ text: string; signers: string[] }> {
      const keys = await registry.signer.publicKeys({ kind: 'project', id: project.id }, 'openpgp');
      const message = await readCleartextMessage({ cleartextMessage: await text('InRelease') });
      const read = await Promise.all(keys.map(({ publicKey }) => readKeys({ armoredKeys: publicKey })));
      const date = new Date(registry.clock.now());
      const { signatures } = await verify({ message, verificationKeys: read.flat(), date });
      await Promise.all(signatures.map(({ verified }) => verified));
      const named = read.flat().filter((key) => signatures.some(({ keyID }) => keyID.equals(key.getKeyID())));
      return { text: message.getText(), signers: named.map((key) => key.getFingerprint()) };
    },
  };
}

/** The same stores for another process: nothing in memory is shared. */
export function anotherProcess(registry: Registry, seal: Seal): Registry {
  const formats = async () => [...(await registry.formats()), toyRules];
  return withPreparedKeys({ ...registry, formats, table: { ...registry.table } }, seal);
}
