import type { ContentDigest } from '../../../domain/digests.ts';
import { parseContentDigest } from '../../../domain/digests.ts';
import type { Uses } from '../../../registry/package-blobs/uses.ts';
import { parseJson } from '../../../shared/json/parse-json.ts';
import { ociError } from '../errors.ts';
import { type Descriptor, Manifest, type Metadata } from '../schema.ts';

/** The largest manifest, in bytes: what the specification requires registries to accept. */
export const MAX_MANIFEST = 4 * 1024 * 1024;

/** The most values in a manifest, and the most blobs and manifests it may name. */
const LIMITS = { values: 100_000, depth: 32 };
const MAX_DESCRIPTORS = 10_000;

/** The most bytes of the annotations of a manifest with a subject, which lists of referrers repeat. */
const MAX_ANNOTATIONS = 128 * 1024;

/** Media types of manifests that say what they are by nothing else, by the field that they have. */
const DOCKER_SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** What a manifest says. */
export interface ManifestFacts {
  readonly metadata: Metadata;
  /** What must have been pushed before: the config and the layers, and the manifests of an index. */
  readonly uses: Uses;
  /** The manifest that this one describes, which need not exist. */
  readonly subject: ContentDigest | undefined;
}

/**
 * Reads a manifest or an index of any media type. Pure.
 * @param contentType the `Content-Type` of the push; undefined if it had none
 * @throws OciError `MANIFEST_INVALID`
 */
export function readManifest(bytes: Uint8Array, contentType: string | undefined): ManifestFacts {
  const manifest = parse(bytes);
  const mediaType = mediaTypeOf(manifest, contentType?.split(';', 1)[0]?.trim().toLowerCase() || undefined);
  if (DOCKER_SCHEMA_1.test(mediaType)) {
    throw invalid('manifests of schema version 1 are not supported; push the image with a current client');
  }
  const { config, layers = [], blobs = [], manifests = [], subject } = manifest;
  const named = [...(config ? [config] : []), ...layers, ...blobs, ...manifests];
  if (named.length > MAX_DESCRIPTORS)
    throw invalid(`it names more than ${MAX_DESCRIPTORS} blobs and manifests`);
  const stored = [...(config ? [config] : []), ...layers, ...blobs].filter((each) => !isForeign(each));
  const artifactType = manifest.artifactType || config?.mediaType;
  const subjectDigest = subject && digestOf(subject);
  return {
    metadata: {
      mediaType,
      ...(artifactType && { artifactType }),
      size: bytes.byteLength,
      contentSize: named.reduce((sum, { size }) => sum + size, 0),
      ...(config && { config: digestOf(config) }),
      ...(subjectDigest && { subject: subjectDigest, ...annotationsOf(manifest) }),
    },
    uses: usesOf(stored, manifests),
    subject: subjectDigest,
  };
}

function parse(bytes: Uint8Array): Manifest {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid('it is not UTF-8', cause);
  }
  let json: unknown;
  try {
    json = parseJson(text, LIMITS);
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
  const result = Manifest.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is invalid'}`);
}

/** The media type of a push; without `Content-Type`, the one in the manifest. */
function mediaTypeOf({ mediaType, manifests, config }: Manifest, contentType: string | undefined): string {
  const own = mediaType?.toLowerCase();
  if (own && contentType && own !== contentType) {
    throw invalid(`its mediaType is ${mediaType}, but it was pushed as ${contentType}`);
  }
  const known = contentType ?? own;
  if (known === undefined || known === 'application/json') {
    if (own) return own;
    throw invalid('the request has no Content-Type, and the manifest no mediaType');
  }
  if (manifests && config && isIndexOrImage(known)) throw invalid('it has both a config and manifests');
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(known) || known.length > 255) throw invalid('its media type is malformed');
  return known;
}

function isIndexOrImage(mediaType: string): boolean {
  return /^application\/vnd\.(?:oci\.image\.(?:manifest|index)|docker\.distribution\.manifest)\./.test(
    mediaType,
  );
}

/** Whether a layer may be kept elsewhere: it is not pushed, because its licence forbids to distribute it. */
function isForeign({ mediaType = '', urls = [] }: Descriptor): boolean {
  return urls.length > 0 && /\.(?:foreign|nondistributable)\./.test(mediaType);
}

function usesOf(stored: readonly Descriptor[], manifests: readonly Descriptor[]): Uses {
  const uses = { blobs: distinct(stored), versions: distinct(manifests) };
  const blobs = new Set(uses.blobs);
  const both = uses.versions.find((digest) => blobs.has(digest));
  if (both !== undefined) throw invalid(`it names ${both} both as a blob and as a manifest`);
  return uses;
}

function distinct(descriptors: readonly Descriptor[]): ContentDigest[] {
  return [...new Set(descriptors.map(digestOf))];
}

function digestOf({ digest }: Descriptor): ContentDigest {
  const parsed = parseContentDigest(digest);
  if (parsed !== undefined) return parsed;
  throw invalid(`the digest ${JSON.stringify(digest.slice(0, 100))} is not a SHA-256 or SHA-512 digest`);
}

function annotationsOf({ annotations }: Manifest): Pick<Metadata, 'annotations'> {
  if (!annotations || Object.keys(annotations).length === 0) return {};
  const text = JSON.stringify(annotations);
  if (Buffer.byteLength(text) > MAX_ANNOTATIONS) {
    throw invalid(`a manifest with a subject may have at most ${MAX_ANNOTATIONS} bytes of annotations`);
  }
  return { annotations: text };
}

function invalid(reason: string, cause?: unknown) {
  return ociError('MANIFEST_INVALID', `The manifest is invalid: ${reason}`, undefined, cause);
}
