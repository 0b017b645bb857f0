import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';
import { refusedByClients } from './refused-by-clients.ts';

/** A package's type; ordinary packages are of type `Dependency`. */
export const PackageType = z.object({ name: z.string(), version: z.string() });
/** See the schema. */
export type PackageType = Readonly<z.infer<typeof PackageType>>;

/** A required package and the accepted versions (normalised). */
export const Dependency = z.object({ id: z.string(), range: z.string() });
/** See the schema. */
export type Dependency = Readonly<z.infer<typeof Dependency>>;

/** The dependencies for a target framework; without one, for all frameworks that have no group. */
export const DependencyGroup = z.object({
  targetFramework: z.string(),
  dependencies: z.array(Dependency),
});
/** See the schema. */
export type DependencyGroup = Readonly<z.infer<typeof DependencyGroup>>;

/** The contents of a nuspec (https://learn.microsoft.com/nuget/reference/nuspec). Missing fields are empty. */
export const Nuspec = z.object({
  /** As spelled by the publisher; ids are case-insensitive. */
  id: z.string(),
  /** As written by the publisher, with build metadata. */
  version: z.string(),
  /** Whether clients need SemVer 2.0.0, for the version itself or for a dependency's. */
  semVer2: z.boolean(),
  title: z.string(),
  authors: z.string(),
  description: z.string(),
  summary: z.string(),
  releaseNotes: z.string(),
  copyright: z.string(),
  language: z.string(),
  tags: z.array(z.string()),
  projectUrl: z.string(),
  iconUrl: z.string(),
  licenseUrl: z.string(),
  /** An SPDX expression. */
  licenseExpression: z.string(),
  /** Paths in the archive; empty if it has no such file. */
  license: z.string(),
  icon: z.string(),
  readme: z.string(),
  requireLicenseAcceptance: z.boolean(),
  developmentDependency: z.boolean(),
  minClientVersion: z.string(),
  packageTypes: z.array(PackageType),
  dependencyGroups: z.array(DependencyGroup),
});
/** See the schema. */
export type Nuspec = Readonly<z.infer<typeof Nuspec>>;

/** The stored metadata of a version. */
export const Metadata = Nuspec.extend({
  /** The package file's size in bytes and its SHA-512 (base64). */
  size: z.number(),
  sha512: z.string(),
  /** Whether the package has symbol files beside its libraries; absent if not, or if it was pushed before this was kept. */
  symbolsBeside: z.boolean().optional(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** Reads stored metadata. Metadata that clients refuse to read is not readable, so no index shows it. */
export const metadata: MetadataType<Metadata> = metadataType(
  Metadata.superRefine((stored, context) => {
    const message = refusedByClients(stored);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
);

/** The stored metadata of a symbol file. */
export const SymbolFacts = z.object({
  /** SHA-256 of the file with its identity set to zero, as compilers write it into their output; hex. */
  checksum: z.string(),
});
/** See the schema. */
export type SymbolFacts = Readonly<z.infer<typeof SymbolFacts>>;

/** Reads the stored metadata of a symbol file. */
export const fileMetadata: MetadataType<SymbolFacts> = metadataType(SymbolFacts);
