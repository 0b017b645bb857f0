import type { Project } from '../../services/domain/accounts.ts';
import { digestsOf, type Sha256 } from '../../services/domain/digests.ts';
import type { FormatRules } from '../../services/domain/format-rules.ts';
import type { BlobInfo, BlobStore } from '../../services/ports/blob-store.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import type { Registry } from '../../services/registry/context.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { named } from './names.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

/** A format for tests of the core, under the id of generic packages; files may be published again. */
export const replacing: FormatRules = {
  id: 'generic',
  duplicates: 'by-setting',
  duplicatesAllowed: true,
  fileLimit: 1e9,
  credentialsFirst: true,
};

/** The same, but no file may be published again. */
export const keeping: FormatRules = { ...replacing, duplicates: 'never' };

/** Text as a body. */
export async function* bytesOf(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

/** Publishes version 1 of a generic package with one file; returns where its bytes are stored. */
export async function publish(
  registry: Registry,
  project: Project,
  name: string,
  content: string | Uint8Array,
): Promise<{ readonly sha256: Sha256; readonly storageKey: string }> {
  const { blob } = await stageBlob(registry, bytesOf(content), { limit: 1e9 });
  const files = [{ fileName: named.file('a.bin'), contentType: 'application/octet-stream', blob }];
  const facts = {
    project,
    actor,
    format: keeping,
    name: named.package(name),
    version: named.version('1'),
    metadata: {},
  };
  await publishVersion(registry, { ...facts, files });
  return { sha256: blob.digests.sha256, storageKey: blob.storageKey };
}

/** Deletes what `publish` published. */
export function unpublish(registry: Registry, project: Project, name: string): Promise<void> {
  return removeVersion(registry, {
    project,
    actor,
    format: 'generic',
    name: named.package(name),
    version: named.version('1'),
  });
}

/** All blobs that a store lists. */
export async function listAll(blobs: BlobStore): Promise<BlobInfo[]> {
  const all: BlobInfo[] = [];
  for (;;) {
    const after = all.at(-1)?.key;
    const page = await blobs.list(after === undefined ? {} : { after });
    all.push(...page.blobs);
    if (!page.more) return all;
  }
}

/** The SHA-256 of a text, in hex. */
export function sha256Of(content: string | Uint8Array): Sha256 {
  return digestsOf(content).sha256;
}
