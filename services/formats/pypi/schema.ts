import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

/** A PEP 740 attestation, version 1, as far as a registry looks into it. */
export const Attestation = z.looseObject({
  version: z.literal(1),
  verification_material: z.looseObject({
    certificate: z.base64().min(1),
    transparency_entries: z.array(z.looseObject({})).min(1).max(16),
  }),
  envelope: z.looseObject({ statement: z.base64().min(1), signature: z.base64().min(1) }),
});
/** See the schema. */
export type Attestation = z.infer<typeof Attestation>;

/** The in-toto statement in an attestation: what is said about which file. */
export const Statement = z.looseObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.tuple([z.looseObject({ name: z.string(), digest: z.looseObject({ sha256: z.string() }) })]),
  predicateType: z.string().min(1).max(500),
});

/** What is kept of a version, for people to read; installers read the metadata files. */
export const Metadata = z.object({
  /** The name as its author writes it. */
  displayName: z.string(),
  metadataVersion: z.string(),
  summary: z.string(),
  requiresPython: z.string(),
  keywords: z.string(),
  author: z.string(),
  license: z.string(),
  homePage: z.string(),
  descriptionType: z.string(),
  projectUrls: z.array(z.string()),
  classifiers: z.array(z.string()),
  requiresDist: z.array(z.string()),
  extras: z.array(z.string()),
  /** The name of who published its first file. */
  publisher: z.string(),
  /** Why it should not be installed any more (PEP 592), which may be empty; absent when it may. */
  yanked: z.string().exactOptional(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** How it is read. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);

/** What an index shows of a version, and so all that is checked for one. */
export type ShownMetadata = Pick<Metadata, 'yanked'>;
/** How it is read. */
export const shownMetadata: MetadataType<ShownMetadata> = metadataType(Metadata.pick({ yanked: true }));

/** What an index says of a distribution's file alone. */
export const FileFacts = z.object({
  /** Empty when the file does not say. */
  requiresPython: z.string(),
});
/** See the schema. */
export type FileFacts = Readonly<z.infer<typeof FileFacts>>;

/** How they are read. */
export const fileMetadata: MetadataType<FileFacts> = metadataType(FileFacts);
