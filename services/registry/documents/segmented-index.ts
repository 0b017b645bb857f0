/** The index of a large package: updated by the changes since it was made, or built from all versions. */
import type { Registry } from '../context.ts';
import { type Change, MAX_CHANGES, remembered } from './change-log.ts';
import type { Kept } from './document-cache.ts';
import type { Facts, FramePart, IndexKind } from './document-kind.ts';
import type { PackageContents } from './package-contents.ts';
import { readSources, togetherOf } from './read-sources.ts';
import { fragmentsOf, frameContents } from './render-index.ts';
import { changedSegments, type Segment, segmentsOf } from './segments.ts';
import { revisionsOf, type Source } from './source.ts';
import {
  type Manifest,
  type Progress,
  readManifest,
  readSegments,
  type Segments,
  storeSegments,
} from './stored-segments.ts';

/** An index in segments, with the frame around them. */
export interface SegmentedIndex<F extends Facts = Facts> extends Segments<F>, Kept {
  readonly parts: readonly FramePart[];
}

/** Attempts to read a package that changes while it is read. */
const MAX_TRIES = 5;

/** With more changed versions than this, an index is built from all versions. */
const MAX_TOUCHED = 1000;

/** Approximate memory that a version takes in addition to its text, in bytes. */
const ENTRY_WEIGHT = 160;

/** Segments, and contents for the frame that are at least as new. */
interface Made<F extends Facts> extends Segments<F> {
  readonly contents: PackageContents;
}

/**
 * Returns the index of the sources, at the revisions of their heads or newer. `before` is the index in this
 * process's memory; the table may have a newer one.
 */
export async function segmentedIndex<M, F extends Facts>(
  registry: Registry,
  sources: readonly Source[],
  kind: IndexKind<M, F>,
  before?: SegmentedIndex<F>,
): Promise<SegmentedIndex<F>> {
  if (before && isCurrent(before.progress, sources)) return before;
  const manifest = await readManifest(registry.table, sources, kind.kind);
  const stored = await newerStored(registry, sources, kind, { manifest, before });
  const start: Segments<F> | undefined = stored ?? before;
  const made =
    (start && (await updateIndex(registry, sources, kind, start))) ??
    (await buildFromAll(registry, sources, kind));
  if (made.progress !== stored?.progress) {
    await storeSegments(registry, sources, kind.kind, { before: manifest, index: made });
  }
  const { progress, segments } = made;
  const parts = await frameOf(registry, sources, kind, made);
  return { progress, segments, parts, revision: revisionsOf(progress), weight: weightOf(segments, parts) };
}

function isCurrent(progress: readonly Progress[], sources: readonly Source[]): boolean {
  return sources.every(({ head }, index) => (progress[index]?.revision ?? -1) >= head.revision);
}

function weightOf(segments: readonly Segment[], parts: readonly FramePart[]): number {
  const own = segments.reduce(
    (sum, { bytes, entries }) => sum + bytes.byteLength + entries.length * ENTRY_WEIGHT,
    0,
  );
  return own + parts.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0);
}

/** Reads the index in the table, unless memory has a newer one. */
async function newerStored<M, F extends Facts>(
  { table }: Registry,
  sources: readonly Source[],
  { kind }: IndexKind<M, F>,
  { manifest, before }: { readonly manifest: Manifest; readonly before: Segments<F> | undefined },
): Promise<Segments<F> | undefined> {
  const { progress } = manifest;
  if (progress.length === 0) return undefined;
  const older = before?.progress.some(({ revision }, index) => revision > (progress[index]?.revision ?? 0));
  if (older) return undefined;
  const known = before?.segments ?? [];
  const segments = await readSegments(table, sources, kind, { manifest, known });
  return segments && { progress, segments };
}

/** Updates an index with all later changes; undefined if some of them are no longer in the log. */
async function updateIndex<M, F extends Facts>(
  registry: Registry,
  sources: readonly Source[],
  kind: IndexKind<M, F>,
  start: Segments<F>,
): Promise<Made<F> | undefined> {
  let revisions = sources.map(({ head }) => head.revision);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const changes = await Promise.all(
      sources.map((source, index) => missingChanges(source, start.progress[index], revisions[index] ?? 0)),
    );
    const touched = new Set(changes.flatMap((each) => each?.flatMap(({ versions }) => versions) ?? []));
    if (touched.size > MAX_TOUCHED || changes.includes(undefined)) return undefined;
    const contents = await readSources<M>(sources, kind, [...touched]);
    const progress = start.progress.map((each, index) => advanced(each, changes[index] ?? []));
    // What was read is complete if the heads, which were read after the logs, show no other changes.
    const complete = progress.every(
      ({ revision }, index) => !changes[index]?.length || contents[index]?.head.revision === revision,
    );
    if (complete) {
      const all = await togetherOf(registry, contents, kind);
      if (touched.size === 0 && changes.every((each) => each?.length === 0)) {
        return { ...start, contents: all };
      }
      const fragments = fragmentsOf(kind, all);
      const segments = await changedSegments(kind, start.segments, touched, fragments);
      return { progress, segments, contents: all };
    }
    revisions = contents.map(({ head }) => head.revision);
  }
  return undefined;
}

function advanced({ id, revision, applied }: Progress, changes: readonly Change[]): Progress {
  const ids = remembered([...applied, ...changes.map((change) => change.id)]);
  return { id, revision: revision + changes.length, applied: ids };
}

/**
 * Returns the changes after `progress`, up to `revision` at least; undefined if the log no longer has all of them.
 */
async function missingChanges(
  source: Source,
  progress: Progress | undefined,
  revision: number,
): Promise<readonly Change[] | undefined> {
  const steps = revision - (progress?.revision ?? 0);
  if (!progress || steps > MAX_CHANGES) return undefined;
  if (steps <= 0) return [];
  const applied = new Set(progress.applied);
  for (const limit of [steps, MAX_CHANGES]) {
    const missing = (await source.changes(limit)).filter(({ id }) => !applied.has(id));
    if (missing.length >= steps) return missing;
  }
  return undefined;
}

/** Builds the index from everything in the sources. */
async function buildFromAll<M, F extends Facts>(
  registry: Registry,
  sources: readonly Source[],
  kind: IndexKind<M, F>,
): Promise<Made<F>> {
  const settled = await Promise.all(sources.map(settledProgress));
  const all = await readSources<M>(sources, kind, 'all');
  const contents = await togetherOf(
    registry,
    all.map((each, index) => ({ ...each, head: settled[index]?.head ?? each.head })),
    kind,
  );
  const segments = await segmentsOf(kind, fragmentsOf(kind, contents));
  return { progress: settled.map(({ progress }) => progress), segments, contents };
}

/**
 * Returns the progress of an index that is built from everything read afterwards. `applied` names exactly the
 * steps up to its revision, since the head was the same before and after the log was read. If a package changes
 * too fast for that, `applied` is empty, and the next read rebuilds the index instead of updating it.
 */
async function settledProgress(source: Source) {
  const { id } = source;
  let { head } = source;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const applied = remembered((await source.changes()).map((change) => change.id));
    const now = (await source.read({ versions: [] })).head;
    if (now.revision === head.revision) {
      return { head: now, progress: { id, revision: head.revision, applied } };
    }
    head = now;
  }
  return { head, progress: { id, revision: head.revision, applied: [] } };
}

async function frameOf<M, F extends Facts>(
  registry: Registry,
  sources: readonly Source[],
  kind: IndexKind<M, F>,
  { segments, contents }: Made<F>,
): Promise<readonly FramePart[]> {
  const facts = segments.flatMap(({ entries }) => entries.map((entry) => entry.facts));
  const around = frameContents<M, F>(contents as PackageContents<M>, facts);
  const name = kind.featured?.(around);
  if (name === undefined) return kind.frame(around);
  const [read, readmes] = await Promise.all([
    readSources<M>(sources, { files: kind.files }, [name]),
    Promise.all(sources.map((source) => source.readme(name))),
  ]);
  const featured = (await togetherOf(registry, read, kind)).versions[0];
  const readme = readmes[sources.findIndex(({ head }) => head.projectId === featured?.projectId)];
  return kind.frame({
    ...around,
    ...(featured && { featured }),
    ...(readme !== undefined && { readme }),
  });
}
