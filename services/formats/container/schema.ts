import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

/** A field that may be missing. Clients written in Go send null for what they leave empty. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** Not a `z.record`, which copies every entry. */
const Annotations = z.custom<Readonly<Record<string, string>>>(
  (value) => typeof value === 'object' && !Array.isArray(value) && Object.values(value ?? {}).every(isString),
  'must be an object of texts',
);

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

/** The part of a descriptor that the registry reads. Other fields are kept in the manifest's bytes. */
export const Descriptor = z.object({
  mediaType: optional(z.string().max(255)),
  digest: z.string().max(200),
  size: z.number().int().nonnegative(),
  urls: optional(z.array(z.string())),
});
/** See the schema. */
export type Descriptor = z.infer<typeof Descriptor>;

/** The part of a manifest or index, of any media type, that the registry reads. */
export const Manifest = z.object({
  mediaType: optional(z.string().max(255)),
  artifactType: optional(z.string().max(255)),
  config: optional(Descriptor),
  layers: optional(z.array(Descriptor)),
  blobs: optional(z.array(Descriptor)),
  manifests: optional(z.array(Descriptor)),
  subject: optional(Descriptor),
  annotations: optional(Annotations),
});
/** See the schema. */
export type Manifest = z.infer<typeof Manifest>;

/** The stored metadata of a manifest. Everything else is in its bytes. */
export const Metadata = z.object({
  mediaType: z.string(),
  /** The type of an artifact: its own, else the media type of its config; absent for indexes without one. */
  artifactType: z.string().exactOptional(),
  /** The size of the manifest in bytes. */
  size: z.number(),
  /** The size of all that it names, in bytes. */
  contentSize: z.number(),
  /** The digest of the config; absent without one. */
  config: z.string().exactOptional(),
  /** The digest of the manifest that this one describes; absent for most. */
  subject: z.string().exactOptional(),
  /** As JSON text, because tables limit names in items; absent without a subject, since only referrers are listed with them. */
  annotations: z.string().exactOptional(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** Reads stored metadata. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);
