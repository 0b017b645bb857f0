import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

/** The part of a descriptor that the registry reads. Other fields are kept in the manifest's bytes. */
export const Descriptor = z.looseObject({
  mediaType: z.string().max(255).optional(),
  digest: z.string().max(200),
  size: z.number().int().nonnegative(),
  urls: z.array(z.string()).optional(),
  platform: z
    .looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .optional(),
});
/** See the schema. */
export type Descriptor = z.infer<typeof Descriptor>;

/** The part of a manifest or index, of any media type, that the registry reads. */
export const Manifest = z.looseObject({
  schemaVersion: z.number().optional(),
  mediaType: z.string().max(255).optional(),
  artifactType: z.string().max(255).optional(),
  config: Descriptor.optional(),
  layers: z.array(Descriptor).optional(),
  blobs: z.array(Descriptor).optional(),
  manifests: z.array(Descriptor).optional(),
  subject: Descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
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
