import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

const text = z.string().exactOptional();

/** A dependency as the POM states it; what it leaves to a parent is absent. */
export const Dependency = z.object({
  groupId: z.string(),
  artifactId: z.string(),
  version: text,
  scope: text,
});
/** See the schema. */
export type Dependency = Readonly<z.infer<typeof Dependency>>;

/** What is kept of a version: what its POM tells of it. Empty until the POM is there. */
export const Metadata = z.object({
  packaging: text,
  name: text,
  description: text,
  url: text,
  licenses: z.array(z.string()).exactOptional(),
  parent: text,
  dependencies: z.array(Dependency).exactOptional(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** How it is read. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);

/** What a group tells of a plugin in it. */
export interface Plugin {
  /** By which users call it: `mvn <prefix>:<goal>`. */
  readonly prefix: string;
  readonly name: string;
}
