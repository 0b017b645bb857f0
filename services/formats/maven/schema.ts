import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

const text = z.string().exactOptional();

/** A dependency as declared in the POM; what a parent defines is absent. */
export const Dependency = z.object({
  groupId: z.string(),
  artifactId: z.string(),
  version: text,
  scope: text,
});
/** See the schema. */
export type Dependency = Readonly<z.infer<typeof Dependency>>;

/** The stored metadata of a version, from its POM; empty until the POM is published. */
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

/** Reads stored metadata. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);

/** A plugin in its group's metadata. */
export const Plugin = z.object({
  /** The prefix on the command line: `mvn <prefix>:<goal>`. */
  prefix: z.string(),
  name: z.string(),
});
/** See the schema. */
export type Plugin = Readonly<z.infer<typeof Plugin>>;

/** Reads the stored metadata of a plugin. */
export const pluginMetadata: MetadataType<Plugin> = metadataType(Plugin);
