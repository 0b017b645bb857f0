import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';
import { type FileName, parseFileName } from '../../domain/names.ts';
import { refusedByClients } from './refused-by-clients.ts';

/**
 * The longest `shasum` or `integrity`, in characters: SHA-1, SHA-256, SHA-384 and SHA-512 together have about 300.
 */
const MAX_CHECKSUM = 1024;

const checksum = z.string().max(MAX_CHECKSUM).nullish();

/** A version's manifest as clients send it: package.json with `dist` added. */
export const SentManifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  deprecated: z.union([z.string(), z.boolean()]).nullish(),
  dist: z.looseObject({ shasum: checksum, integrity: checksum }).nullish(),
});
/** See the schema. */
export type SentManifest = z.infer<typeof SentManifest>;

/** The document of a `PUT`: a version to publish with its tarball, or a packument that a client has edited. */
export const PackageDocument = z.looseObject({
  name: z.string().optional(),
  'dist-tags': z.record(z.string(), z.string()).nullish(),
  versions: z.record(z.string(), SentManifest).optional(),
  _attachments: z
    .record(z.string(), z.looseObject({ content_type: z.string().nullish(), length: z.number().nullish() }))
    .nullish(),
});
/** See the schema. */
export type PackageDocument = z.infer<typeof PackageDocument>;

/** The body of a login. */
export const Login = z.looseObject({ name: z.string(), password: z.string() });

/** The part of a Sigstore bundle that the registry checks: a signed in-toto statement, base64. */
export const SigstoreBundle = z.looseObject({ dsseEnvelope: z.looseObject({ payload: z.string() }) });

/** The in-toto statement in a bundle, about certain bytes. */
export const Statement = z.looseObject({
  predicateType: z.string().regex(/^[\x21-\x7e]{1,300}$/),
  subject: z.array(z.looseObject({ name: z.string(), digest: z.record(z.string(), z.string()) })),
});

/** See the schema. */
export type Statement = z.infer<typeof Statement>;

const fileName = z.custom<FileName>((value) => typeof value === 'string' && parseFileName(value));

/** An attestation of a version: its predicate type, and the version's file with the bundle. */
export const Attestation = z.object({ predicateType: z.string(), fileName });
/** See the schema. */
export type Attestation = Readonly<z.infer<typeof Attestation>>;

/** The stored metadata of a version. */
export const Metadata = z.object({
  /** The manifest, as JSON text, because the table limits nesting, numbers and empty names in items. */
  manifest: z.string(),
  shasum: z.string(),
  integrity: z.string(),
  fileCount: z.number(),
  unpackedSize: z.number(),
  hasInstallScript: z.boolean(),
  hasShrinkwrap: z.boolean(),
  /** The name of the user or token that published it. */
  publisher: z.string(),
  attestations: z.array(Attestation),
  /** Why the version is deprecated; empty if it is not. */
  deprecated: z.string(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** Reads stored metadata. A manifest that some clients refuse to read is not readable, so no index shows it. */
export const metadata: MetadataType<Metadata> = metadataType(
  Metadata.superRefine(({ manifest }, context) => {
    const message = refusedByClients(manifest);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
);

/** A stored manifest: any JSON object. */
export type Manifest = Readonly<Record<string, unknown>>;
