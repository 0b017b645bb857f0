import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';
import { areSpecifiers } from './specifiers.ts';

/** The parts of a PEP 740 attestation, version 1, that the registry checks. */
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

/** The in-toto statement in an attestation, about one file. */
export const Statement = z.looseObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.tuple([z.looseObject({ name: z.string(), digest: z.looseObject({ sha256: z.string() }) })]),
  predicateType: z.string().min(1).max(500),
});

/** The stored metadata of a version, shown to users. Installers read the metadata files instead. */
export const Metadata = z.object({
  /** The name as spelled by its author. */
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
  /** The name of the user or token that published the first file. */
  publisher: z.string(),
  /** Why the version was yanked (PEP 592), possibly empty; absent if it is not yanked. */
  yanked: z.string().exactOptional(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** Reads stored metadata. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);

/** The metadata of a version that an index shows. Nothing else is checked when an index is rendered. */
export type ShownMetadata = Pick<Metadata, 'yanked'>;
/** Reads the part of stored metadata that an index shows. */
export const shownMetadata: MetadataType<ShownMetadata> = metadataType(Metadata.pick({ yanked: true }));

/** The stored metadata of a distribution file, for the index. */
export const FileFacts = z.object({
  /** Empty if the file does not state it. */
  requiresPython: z.string(),
});
/** See the schema. */
export type FileFacts = Readonly<z.infer<typeof FileFacts>>;

/** Reads the stored metadata of a file. Specifiers that installers can't read are not readable, so no page has them. */
export const fileMetadata: MetadataType<FileFacts> = metadataType(
  FileFacts.refine(({ requiresPython }) => areSpecifiers(requiresPython), 'not version specifiers'),
);
