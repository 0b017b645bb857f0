import * as z from 'zod';
import { type MetadataType, metadataType } from '../../domain/metadata.ts';

/** What a package is for; an ordinary one is a `Dependency`. */
export const PackageType = z.object({ name: z.string(), version: z.string() });
/** See the schema. */
export type PackageType = Readonly<z.infer<typeof PackageType>>;

/** A package that is needed, and in which versions (normalised). */
export const Dependency = z.object({ id: z.string(), range: z.string() });
/** See the schema. */
export type Dependency = Readonly<z.infer<typeof Dependency>>;

/** The dependencies for a target framework; without one they hold for those that have no group of their own. */
export const DependencyGroup = z.object({
  targetFramework: z.string(),
  dependencies: z.array(Dependency),
});
/** See the schema. */
export type DependencyGroup = Readonly<z.infer<typeof DependencyGroup>>;

/** What a nuspec says of its package (https://learn.microsoft.com/nuget/reference/nuspec). What it lacks is empty. */
export const Nuspec = z.object({
  /** As its publisher writes it: ids are the same in any case. */
  id: z.string(),
  /** As its publisher writes it, with build metadata. */
  version: z.string(),
  /** Whether only clients that know SemVer 2.0.0 can use it: by its version, or by that of a dependency. */
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
  /** Paths in the archive; empty when there is no such file in it. */
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

/** What is kept of a version. */
export const Metadata = Nuspec.extend({
  /** Bytes and SHA-512 (base64) of the package file. */
  size: z.number(),
  sha512: z.string(),
});
/** See the schema. */
export type Metadata = Readonly<z.infer<typeof Metadata>>;

/** How it is read. */
export const metadata: MetadataType<Metadata> = metadataType(Metadata);

/** What is kept of a file of debug symbols. */
export const SymbolFacts = z.object({
  /** SHA-256 of the file with its identity set to zero, as compilers write it into what they build; hex. */
  checksum: z.string(),
});
/** See the schema. */
export type SymbolFacts = Readonly<z.infer<typeof SymbolFacts>>;

/** How they are read. */
export const fileMetadata: MetadataType<SymbolFacts> = metadataType(SymbolFacts);
