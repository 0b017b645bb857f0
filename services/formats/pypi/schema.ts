import * as z from 'zod';

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
export interface Metadata {
  /** The name as its author writes it. */
  readonly displayName: string;
  readonly metadataVersion: string;
  readonly summary: string;
  readonly requiresPython: string;
  readonly keywords: string;
  readonly author: string;
  readonly license: string;
  readonly homePage: string;
  readonly descriptionType: string;
  readonly projectUrls: readonly string[];
  readonly classifiers: readonly string[];
  readonly requiresDist: readonly string[];
  readonly extras: readonly string[];
  /** The name of who published its first file. */
  readonly publisher: string;
  /** Why it should not be installed any more (PEP 592), which may be empty; absent when it may. */
  readonly yanked?: string;
}

/** What an index tells of a distribution's file alone. */
export interface FileFacts {
  /** Empty when the file does not say. */
  readonly requiresPython: string;
}
