import type { FormatRules } from '../../domain/format-rules.ts';
import type {
  DocumentPiece,
  IndexDocument,
  IndexPart,
  ReleaseDocument,
  RenderedPart,
  RepositoryIndex,
} from '../../domain/repository-index.ts';
import type { Item } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, maybeEntity } from '../records/entities.ts';
import { documentSlots, type IndexRef, keys } from '../records/keys.ts';
import { type Builder, type Lease, LeaseLost, takeLease } from './build-lease.ts';
import { type DocumentSink, documentSink, type MadeDocument, makeDocument } from './document-sink.ts';
import {
  clearReplaced,
  type DocumentStage,
  documentBytes,
  servedDocuments,
  stageDocument,
  stageGone,
  writeHeld,
} from './index-documents.ts';
import { readStanzas, unlistedVersions } from './read-stanzas.ts';
import {
  type BuiltIndex,
  type BuiltPart,
  partitionRevisions,
  type StoredDocument,
  type StoredIndex,
  stateKeys,
} from './records.ts';

/** The outcome of a build: the index was built, was current, or is being built by another process. */
export type BuildOutcome = 'built' | 'current' | 'busy';

/** Options of a build. */
export interface BuildOptions {
  readonly signal?: AbortSignal | undefined;
  /** A reader whose `signal` fires before the build is done leaves the index to the job for a while. */
  readonly builder?: Builder;
}

/** A format whose clients read indexes over all packages. */
export type IndexedRules = FormatRules & { readonly index: RepositoryIndex };

/** The state of an index: its own record, and what its documents contain. */
export interface IndexState {
  readonly item: Item & StoredIndex;
  readonly built: BuiltIndex | undefined;
}

/** Returns whether the documents contain all changes and have not expired. */
export function isCurrent({ item, built }: IndexState, index: RepositoryIndex, now: number): boolean {
  return (
    built !== undefined &&
    built.revision >= item.revision &&
    built.layout === index.layout &&
    now - built.builtAt <= (index.refreshAfter ?? Number.POSITIVE_INFINITY)
  );
}

/** Reads the state of an index; undefined if it never contained anything. */
export async function readState(registry: Registry, ref: IndexRef): Promise<IndexState | undefined> {
  const [item, built] = await registry.table.getMany(stateKeys(ref));
  if (!item) return undefined;
  return { item: item as IndexState['item'], built: maybeEntity<BuiltIndex>(built) };
}

/**
 * Builds the documents of an index if they are out of date, unless another process is building them. Unchanged
 * parts are reused. One transaction switches to all new documents at once; until then, and if the build is
 * interrupted, the old ones are served. The build includes everything published before it began.
 */
export async function buildIndex(
  registry: Registry,
  rules: IndexedRules,
  ref: IndexRef,
  { signal, builder = 'job' }: BuildOptions = {},
): Promise<BuildOutcome> {
  const needed = async () => {
    const state = await readState(registry, ref);
    return state && !isCurrent(state, rules.index, registry.clock.now()) ? state : undefined;
  };
  if (!(await needed())) return 'current';
  const lease = await takeLease(registry, ref, builder);
  if (!lease) return 'busy';
  try {
    const state = await needed();
    if (!state) return 'current';
    await build({ registry, rules, ref, lease, signal }, state);
    return 'built';
  } catch (error) {
    if (error instanceof LeaseLost) return 'busy';
    throw error;
  } finally {
    await lease.release(builder === 'reader' && signal?.aborted === true);
  }
}

interface Build {
  readonly registry: Registry;
  readonly rules: IndexedRules;
  readonly ref: IndexRef;
  readonly lease: Lease;
  readonly signal: AbortSignal | undefined;
}

async function build(work: Build, state: IndexState): Promise<void> {
  const { registry, rules, ref, lease } = work;
  const started = performance.now();
  const generation = state.built?.generation ?? 0;
  const left = await clearReplaced(registry, ref, lease, generation);
  const stage: DocumentStage = { registry, ref, lease, ...left };
  const parts = await renderParts(work, state, stage);
  const release = await makeRelease(work, state, { stage, parts });
  const names = new Set([...parts.flatMap(documentNames), ...release]);
  await stageGone(
    stage,
    [...stage.served.keys()].filter((name) => !names.has(name)),
  );
  const built: BuiltIndex = {
    generation: lease.generation,
    revision: state.item.revision,
    layout: rules.index.layout,
    builtAt: registry.clock.now(),
    parts: parts.map(builtPart),
  };
  await writeHeld(registry, lease, [{ put: itemOf(keys.builtIndex(ref), built) }]);
  registry.log.info('index built', {
    project: ref.projectId,
    format: ref.format,
    index: ref.index,
    revision: built.revision,
    stanzas: parts.reduce((sum, { count }) => sum + count, 0),
    duration_ms: Math.round(performance.now() - started),
  });
  await clearReplaced(registry, ref, lease, built.generation);
}

/** A part with the revision it was rendered at. */
interface Part extends RenderedPart {
  readonly revision: string;
}

function documentNames({ documents }: RenderedPart): string[] {
  return documents.map(({ name }) => name);
}

function builtPart(part: Part): BuiltPart {
  const { partition, revision, count } = part;
  return { partition, revision, count, documents: documentNames(part) };
}

/** Renders the parts that have changed, and reuses the others. */
async function renderParts(work: Build, { item, built }: IndexState, stage: DocumentStage): Promise<Part[]> {
  const { registry, rules, ref } = work;
  const { index } = rules;
  const revisions = partitionRevisions(item);
  const partitions = [...revisions.keys()];
  const planned: readonly IndexPart[] =
    index.parts?.(partitions, item.settings) ??
    partitions.map((partition) => ({ partition, shows: [partition] }));
  const known = new Map(
    (built?.layout === index.layout ? built.parts : []).map((part) => [part.partition, part]),
  );
  const unlisted = await unlistedVersions(registry.table, ref);
  const parts: Part[] = [];
  for (const part of planned) {
    const revision = [item.settingsRevision ?? 0, ...part.shows.map((each) => revisions.get(each) ?? 0)].join(
      '.',
    );
    const before = known.get(part.partition);
    const documents = before?.documents.flatMap((name) => stage.served.get(name) ?? []);
    if (before?.revision === revision && documents?.length === before.documents.length) {
      parts.push({ partition: part.partition, revision, count: before.count, documents });
    } else {
      parts.push({ revision, ...(await renderPart(work, stage, part, unlisted)) });
    }
  }
  return parts;
}

async function renderPart(
  work: Build,
  stage: DocumentStage,
  { partition, shows }: IndexPart,
  unlisted: ReadonlySet<number>,
): Promise<RenderedPart> {
  const { registry, rules, ref, lease, signal } = work;
  let count = 0;
  const sources = shows.map((each) => ({ ref, partition: each, unlisted }));
  async function* stanzas() {
    const how = {
      table: registry.table,
      async onPage() {
        signal?.throwIfAborted();
        await lease.keep();
      },
    };
    for await (const stanza of readStanzas(sources, how)) {
      count++;
      yield stanza;
    }
  }
  const sinks = new Map<string, DocumentSink>(
    rules.index.documents(partition).map((plan) => [plan.name, documentSink(registry, plan)]),
  );
  const made = await fillSinks(sinks, rules.index.render(partition, stanzas()));
  return { partition, count, documents: await stageAll(stage, made) };
}

/** Sends each piece to its document and returns the documents. If one fails, removes what was stored of all. */
async function fillSinks(
  sinks: ReadonlyMap<string, DocumentSink>,
  pieces: AsyncIterable<DocumentPiece>,
): Promise<MadeDocument[]> {
  try {
    for await (const { document, text } of pieces) {
      const sink = sinks.get(document);
      if (!sink) throw new Error(`${document} is not among the documents of its part`);
      await sink.write(text);
    }
    const made: MadeDocument[] = [];
    for (const sink of sinks.values()) made.push(...(await sink.end()));
    return made;
  } catch (error) {
    await Promise.all([...sinks.values()].map((sink) => sink.fail(error)));
    throw error;
  }
}

/**
 * From here on, records may refer to the bytes. So a failure removes nothing, and leaves the rest to the sweep.
 */
async function stageAll(stage: DocumentStage, made: readonly MadeDocument[]): Promise<IndexDocument[]> {
  const documents: IndexDocument[] = [];
  for (const each of made) {
    await stage.lease.keep();
    documents.push(await stageDocument(stage, each));
  }
  return documents;
}

/** Makes the documents that cover all parts; returns their names. */
async function makeRelease(
  { registry, rules, ref, lease, signal }: Build,
  { item }: IndexState,
  { stage, parts }: { stage: DocumentStage; parts: readonly RenderedPart[] },
): Promise<string[]> {
  const release = rules.index.release?.({
    settings: item.settings,
    now: registry.clock.now(),
    parts,
    read: (document) => readBytes(registry, ref, document.name, lease.generation),
    signer: registry.signer.of({ kind: 'project', id: ref.projectId }),
  });
  const names: string[] = [];
  if (!release) return names;
  for (let next = await release.next(); !next.done; ) {
    signal?.throwIfAborted();
    await lease.keep();
    const made = await makeDocument(registry, next.value, bodyOf(next.value));
    names.push(made.document.name);
    next = await release.next(await stageDocument(stage, made));
  }
  return names;
}

async function* bodyOf({ body }: ReleaseDocument): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function* readBytes(
  { table, blobs }: Registry,
  ref: IndexRef,
  name: string,
  generation: number,
): AsyncGenerator<Uint8Array> {
  const items = await table.getMany(documentSlots.map((slot) => keys.indexDocument(ref, name, slot)));
  const slots = items.flatMap((item) => maybeEntity<StoredDocument>(item) ?? []);
  const found = servedDocuments(slots, generation).get(name);
  if (!found || found.gone) throw new Error(`there is no document ${name} in the index`);
  yield* documentBytes(blobs, found);
}
