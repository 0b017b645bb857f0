import { randomUUID } from 'node:crypto';
import type { MetadataType } from '../../domain/metadata.ts';
import type { VersionName } from '../../domain/names.ts';
import type { PackageFile, PackageHead, Subpackage, Tag, Version } from '../../domain/packages.ts';
import type { PackageContents } from './package-contents.ts';

/**
 * The placeholder in an index for the address of the request, which differs between project, group and instance.
 * Each process has its own secret placeholder. No publisher can write it, so published text is never replaced.
 */
export const BASE = `{packhouse:base:${randomUUID()}}`;

/** The placeholder in a frame for the texts of all versions, joined by the separator. */
export const FRAGMENTS = Symbol('fragments');

/** What the frame of an index needs from each version. JSON, and small: it is in memory for all versions. */
export interface Facts {
  /** As it is stored. */
  readonly version: VersionName;
}

/** The part of an index that describes one version. */
export interface Fragment<F extends Facts = Facts> {
  readonly facts: F;
  readonly text: string;
}

/** How a format orders versions. Versions that compare equal are ordered by their text. */
export interface VersionOrder<K = unknown> {
  /** Returns the sort key; called once for each version. */
  parse(version: string): K;
  compare(a: K, b: K): number;
}

/** The input of a frame. */
export interface FrameContents<M = unknown, F extends Facts = Facts> {
  readonly head: PackageHead;
  readonly tags: readonly Tag[];
  /** Those with readable metadata. */
  readonly subpackages: readonly Subpackage[];
  /** The facts of all versions in the index, in order. */
  readonly versions: readonly F[];
  /** The version that the frame features, and its readme. */
  readonly featured?: Version<M>;
  readonly readme?: string;
}

/**
 * An index of a package: a text for each version, and a frame around these texts. Everything that depends on more
 * than one version belongs in the frame. All functions are pure; texts contain `BASE` in place of the request's
 * address.
 */
export interface IndexKind<M = unknown, F extends Facts = Facts> {
  /** Names the stored index. Change it when the rendered text changes. */
  readonly kind: string;
  /** Which versions it contains: those that clients choose from, or all that can be downloaded. */
  readonly versions: 'listed' | 'served';
  /** How to read metadata; absent only if nothing in the index comes from metadata. */
  readonly metadata?: MetadataType<M>;
  /** Whether `fragment` needs files. */
  readonly files: boolean;
  /** How to read the metadata of subpackages; absent if `frame` does not need them. */
  readonly subpackages?: MetadataType;
  readonly order: VersionOrder;
  /** The text between two versions. */
  readonly separator: string;
  /** The most characters of all these texts. A longer index leaves out its lowest versions. */
  readonly maxLength?: number;
  /** Renders a version; undefined leaves it out. */
  fragment(version: Version<M>, files: readonly PackageFile[]): Fragment<F> | undefined;
  /** Returns the version that the frame describes in detail, if any. */
  featured?(contents: FrameContents<M, F>): VersionName | undefined;
  /** Renders the text around the versions; empty if there is nothing to show. */
  frame(contents: FrameContents<M, F>): readonly FramePart[];
}

/** A part of a frame: a text, or the position of the versions. */
export type FramePart = string | typeof FRAGMENTS;

/** An index of a single version. It is cached in memory only. */
export interface VersionIndexKind<M = unknown> {
  /** Names the index, including the version. */
  readonly kind: string;
  readonly version: VersionName;
  /** Renders the text, with `BASE` in place of the request's address. Pure. */
  render(contents: PackageContents<M>): string;
}

/** Any kind of index document. */
export type DocumentKind<M = unknown> = IndexKind<M> | VersionIndexKind<M>;
