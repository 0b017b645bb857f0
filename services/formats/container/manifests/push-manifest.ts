import { createHash } from 'node:crypto';
import type { Project } from '../../../domain/accounts.ts';
import {
  algorithmOfDigest,
  type ContentDigest,
  contentDigestOf,
  digestFrom,
} from '../../../domain/digests.ts';
import { RegistryError } from '../../../domain/errors.ts';
import type { Actor } from '../../../domain/events.ts';
import { type PackageName, parseFileName, required, type TagName } from '../../../domain/names.ts';
import type { PackageRef, Tag } from '../../../domain/packages.ts';
import type { FormatCall } from '../../../http/format/format.ts';
import { discardUnless, stageBytes } from '../../../registry/blobs/stage-blob.ts';
import { renewVersion } from '../../../registry/package-blobs/may-be-unused.ts';
import { missingUses } from '../../../registry/package-blobs/uses.ts';
import { moveTag } from '../../../registry/packages/move-tag.ts';
import { publishVersion } from '../../../registry/packages/publish-version.ts';
import { readVersions } from '../../../registry/packages/read-versions.ts';
import { ociError } from '../errors.ts';
import { type Reference, versionOf } from '../names.ts';
import { metadata } from '../schema.ts';
import { readManifest } from './read-manifest.ts';

/** The file of a version that has the bytes of the manifest. */
export const MANIFEST_FILE = required('fileName', parseFileName('manifest.json'));

/** How often a push starts over because what it had found was removed meanwhile. */
const ATTEMPTS = 3;

/** A manifest that a client pushes. */
export interface PushedManifest {
  readonly project: Project;
  readonly actor: Actor;
  readonly name: PackageName;
  readonly requested: Reference;
  /** The tags to set to it. */
  readonly tags: readonly TagName[];
  /** The tag as it is, if the manifest is pushed by its tag. */
  readonly current: Tag | undefined;
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
}

/**
 * Stores a manifest and sets its tags, all at once if it is new. Pushing it again sets the tags.
 * @throws OciError if it is invalid, has another digest than requested, or names blobs or manifests that were not pushed
 */
export async function pushManifest(
  { registry, format }: FormatCall,
  push: PushedManifest,
): Promise<{ readonly digest: ContentDigest; readonly subject: ContentDigest | undefined }> {
  const { project, actor, name, requested, tags, current, bytes, contentType } = push;
  const digest = digestOf(requested, bytes);
  const facts = readManifest(bytes, contentType);
  const version = versionOf(digest);
  const ref: PackageRef = { projectId: project.id, format: format.id, name };
  const change = { project, actor, format: format.id, name };
  for (let attempt = 1; ; attempt++) {
    const [[stored], missing] = await Promise.all([
      readVersions(registry, [{ ...ref, version }], metadata),
      missingUses(registry, { project, ref }, facts.uses),
    ]);
    try {
      if (stored) {
        const others = tags.filter((tag) => current?.tag !== tag || current.version !== version);
        for (const tag of others) await moveTag(registry, { ...change, tag, version });
        if (tags.length === 0) await renewVersion(registry, ref, version);
      } else {
        requirePushed(missing);
        await publishNew();
      }
      return { digest, subject: facts.subject };
    } catch (error) {
      if (attempt === ATTEMPTS || !hasChanged(error)) throw error;
    }
  }

  async function publishNew(): Promise<void> {
    const blob = await stageBytes(registry, bytes);
    const { mediaType } = facts.metadata;
    const { uses } = facts;
    await discardUnless(registry, [blob], () =>
      publishVersion(registry, {
        ...{ project, actor, format, name, version, tags, uses },
        metadata: facts.metadata,
        files: [{ fileName: MANIFEST_FILE, contentType: mediaType, blob }],
        ...(facts.subject && { subject: versionOf(facts.subject) }),
      }),
    );
  }
}

/** Whether another request has published or removed the manifest meanwhile. */
function hasChanged(error: unknown): boolean {
  return (
    error instanceof RegistryError && ['duplicateVersion', 'packageNotFound', 'conflict'].includes(error.code)
  );
}

function digestOf(requested: Reference, bytes: Uint8Array): ContentDigest {
  const algorithm = 'tag' in requested ? 'sha256' : algorithmOfDigest(requested.digest);
  const digest = contentDigestOf(
    algorithm,
    digestFrom(algorithm, createHash(algorithm).update(bytes).digest()),
  );
  if ('tag' in requested || digest === requested.digest) return digest;
  throw ociError('DIGEST_INVALID', `The digest of the manifest is ${digest}`, { digest: requested.digest });
}

function requirePushed(missing: readonly ContentDigest[]): void {
  const [first] = missing;
  if (first === undefined) return;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  throw ociError('MANIFEST_BLOB_UNKNOWN', `The repository has no ${first}${more}; push it first`, {
    digests: missing.slice(0, 100),
  });
}
