import { randomUUID } from 'node:crypto';
import type { MetadataType } from '../../domain/metadata.ts';
import type { ListedPackage, PackageFile, PackageHead, Tag, Version } from '../../domain/packages.ts';
import type { PackageContents } from './package-contents.ts';

/**
 * Stands in an index for the address of the request, which differs between project, group and instance. Each process
 * has its own placeholder, which nobody else learns: no publisher can write it, so what was published stays as it is.
 */
export const BASE = `{packhouse:base:${randomUUID()}}`;

/** Stands in a frame for the texts of all versions, joined by the separator. */
export const FRAGMENTS = Symbol('fragments');

/** What an index keeps of each version for its frame: JSON, and small, because it is in memory for all versions. */
export interface Facts {
  readonly version: string;
}

/** What an index says of one version. */
export interface Fragment<F extends Facts = Facts> {
  readonly facts: F;
  readonly text: string;
}

/** How a format orders versions. Versions that compare equal stand in the order of their text. */
export interface VersionOrder<K = unknown> {
  /** What is compared, made once for each version. */
  parse(version: string): K;
  compare(a: K, b: K): number;
}

/** What a frame is made from. */
export interface FrameContents<M = unknown, F extends Facts = Facts> {
  readonly head: PackageHead;
  readonly tags: readonly Tag[];
  readonly listed: readonly ListedPackage[];
  /** The facts of all versions in the index, in order. */
  readonly versions: readonly F[];
  /** The version that the frame features, and its readme. */
  readonly featured?: Version<M>;
  readonly readme?: string;
}

/**
 * An index of a package: a text for each version, and a frame around these texts. Everything that depends on more than
 * one version belongs to the frame. All functions are pure; texts have `BASE` where the address of the request goes.
 */
export interface IndexKind<M = unknown, F extends Facts = Facts> {
  /** Names the stored index; change it when what is written changes. */
  readonly kind: string;
  /** Which versions are in it: those that clients choose from, or all that can be downloaded. */
  readonly versions: 'listed' | 'served';
  /** How metadata is read: only absent where nothing in the index comes from metadata. */
  readonly metadata?: MetadataType<M>;
  /** Whether `fragment` looks at files. */
  readonly files: boolean;
  /** Whether `frame` looks at the packages that the name lists. */
  readonly listed?: boolean;
  readonly order: VersionOrder;
  /** What stands between the texts of two versions. */
  readonly separator: string;
  /** The most characters of these texts in all. Of a longer index the lowest versions are left out. */
  readonly maxLength?: number;
  /** What the index says of a version; undefined leaves it out. */
  fragment(version: Version<M>, files: readonly PackageFile[]): Fragment<F> | undefined;
  /** The version that the frame tells more of, if any. */
  featured?(contents: FrameContents<M, F>): string | undefined;
  /** The index around the texts of the versions; empty when there is nothing to show. */
  frame(contents: FrameContents<M, F>): readonly FramePart[];
}

/** A part of a frame: a text, or the place of the versions. */
export type FramePart = string | typeof FRAGMENTS;

/** An index of one version alone. It is kept in memory only. */
export interface VersionIndexKind<M = unknown> {
  /** Names the index, the version included. */
  readonly kind: string;
  readonly version: string;
  /** The text, with `BASE` where the address of the request goes. Pure. */
  render(contents: PackageContents<M>): string;
}

/** Any kind of index document. */
export type DocumentKind<M = unknown> = IndexKind<M> | VersionIndexKind<M>;
