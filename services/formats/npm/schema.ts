import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

/** The most characters of a tarball's checksums: SHA-1, SHA-256, SHA-384 and SHA-512 together are some 300. */
const MAX_CHECKSUM = 1024;

const checksum = z.string().max(MAX_CHECKSUM).nullish();

/** A version's manifest as clients claim it: package.json with `dist` added. */
export const ClaimedManifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  deprecated: z.union([z.string(), z.boolean()]).nullish(),
  dist: z.looseObject({ shasum: checksum, integrity: checksum }).nullish(),
});
/** See the schema. */
export type ClaimedManifest = z.infer<typeof ClaimedManifest>;

/** The document of a `PUT`: a version to publish with its tarball, or a packument that was read, changed and sent back. */
export const PackageDocument = z.looseObject({
  name: z.string().optional(),
  'dist-tags': z.record(z.string(), z.string()).nullish(),
  versions: z.record(z.string(), ClaimedManifest).optional(),
  _attachments: z
    .record(z.string(), z.looseObject({ content_type: z.string().nullish(), length: z.number().nullish() }))
    .nullish(),
});
/** See the schema. */
export type PackageDocument = z.infer<typeof PackageDocument>;

/** What a login sends. */
export const Login = z.looseObject({ name: z.string(), password: z.string() });

/** The parts of a Sigstore bundle that we look into: a signed in-toto statement, base64. */
export const SigstoreBundle = z.looseObject({ dsseEnvelope: z.looseObject({ payload: z.string() }) });

/** The in-toto statement in a bundle: what is said about which bytes. */
export const Statement = z.looseObject({
  predicateType: z.string().regex(/^[\x21-\x7e]{1,300}$/),
  subject: z.array(z.looseObject({ name: z.string(), digest: z.record(z.string(), z.string()) })),
});

/** See the schema. */
export type Statement = z.infer<typeof Statement>;

/** An attestation of a version: what it states, and the file of the version that holds the bundle. */
export const Attestation = z.object({ predicateType: z.string(), fileName: z.string() });
/** See the schema. */
export type Attestation = Readonly<z.infer<typeof Attestation>>;

/** What is kept of a version. */
export const Metadata = z.object({
  /** The manifest, as JSON text: the store puts its own limits on nesting, numbers and empty names in an item. */
  manifest: z.string(),
  shasum: z.string(),
  integrity: z.string(),
  fileCount: z.number(),
  unpackedSize: z.number(),
  hasInstallScript: z.boolean(),
  hasShrinkwrap: z.boolean(),
  /** The name of who published it. */
  publisher: z.string(),
  attestations: z.array(Attestation),
  /** Why it should not be used any more; empty when it may. */
  deprecated: z.string(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** How it is read. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);

/** A manifest as it is kept: any JSON object. */
export type Manifest = Readonly<Record<string, unknown>>;
