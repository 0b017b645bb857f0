import { setTimeout as delay } from 'node:timers/promises';
import { RegistryError } from '../../domain/errors.ts';
import type { IndexDocument } from '../../domain/repository-index.ts';
import type { Key, Table } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { maybeEntity } from '../records/entities.ts';
import { documentSlots, type IndexRef, keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';
import {
  type BuildOutcome,
  buildIndex,
  type IndexedRules,
  type IndexState,
  isCurrent,
} from './build-index.ts';
import { type BuiltIndex, type StoredAlias, type StoredDocument, stateKeys } from './records.ts';
import { servedDocuments } from './stored-documents.ts';

/** How long a reader waits for an index that is behind, in milliseconds: less than a function may run. */
const PATIENCE = 20_000;

/** How long a reader leaves the builder of another process alone before it looks again, in milliseconds. */
const LOOK_AGAIN = 200;

/** A document of an index, with its bytes when they are few, else with where they lie. */
export type FoundDocument = IndexDocument & Pick<StoredDocument, 'bytes' | 'storageKey'>;

/** Which document is asked for. */
export interface DocumentQuery {
  readonly ref: IndexRef;
  /** Its name or one of its aliases. */
  readonly name: string;
}

/** A document as it was read, together with something else. */
export interface ReadDocument {
  readonly query: DocumentQuery;
  /** The items under `documentKeys`. */
  readonly items: Items;
}

/** The keys of what must be read for a document. */
export function documentKeys({ ref, name }: DocumentQuery): readonly Key[] {
  return [...stateKeys(ref), ...slotKeys(ref, name), keys.indexAlias(ref, name)];
}

function slotKeys(ref: IndexRef, name: string): Key[] {
  return documentSlots.map((slot) => keys.indexDocument(ref, name, slot));
}

/**
 * A document of an index over all packages of a project, which tells of everything that was published before it was
 * read: when the index is behind it is built first. Undefined when there is no such index, or document in it.
 * @throws RegistryError `indexBehind` when building takes too long
 */
export async function findDocument(
  registry: Registry,
  rules: IndexedRules,
  { query, items }: ReadDocument,
): Promise<FoundDocument | undefined> {
  const { ref, name } = query;
  const item = items.get<IndexState['item']>(keys.index(ref));
  if (!item) return undefined;
  // An alias names the bytes themselves, whichever release they are of.
  const alias = items.get<StoredAlias>(keys.indexAlias(ref, name));
  if (alias && !alias.internal) return alias;
  const built = items.get<BuiltIndex>(keys.builtIndex(ref));
  if (isCurrent({ item, built }, rules.index, registry.clock.now())) return served(query, items);
  await catchUp(registry, rules, ref, item.revision);
  const again = await readItems(registry.table, documentKeys(query));
  const added = again.get<StoredAlias>(keys.indexAlias(ref, name));
  return added && !added.internal ? added : served(query, again);
}

/** Reads a document and nothing else: see `findDocument`. */
export async function readDocument(
  registry: Registry,
  rules: IndexedRules,
  query: DocumentQuery,
): Promise<FoundDocument | undefined> {
  const items = await readItems(registry.table, documentKeys(query));
  return findDocument(registry, rules, { query, items });
}

function served({ ref, name }: DocumentQuery, items: Items): FoundDocument | undefined {
  const slots = slotKeys(ref, name).flatMap((key) => items.get<StoredDocument>(key) ?? []);
  const generation = items.get<BuiltIndex>(keys.builtIndex(ref))?.generation ?? 0;
  const found = servedDocuments(slots, generation).get(name);
  return found && !found.gone && !found.internal ? found : undefined;
}

/** Builds an index, or waits for who does, until its documents tell of a revision. */
async function catchUp(
  registry: Registry,
  rules: IndexedRules,
  ref: IndexRef,
  revision: number,
): Promise<void> {
  const deadline = AbortSignal.timeout(PATIENCE);
  for (;;) {
    const outcome = await buildTogether(registry, rules, ref, deadline);
    const built = maybeEntity<BuiltIndex>(await registry.table.get(keys.builtIndex(ref)));
    if (built && built.revision >= revision && built.layout === rules.index.layout) return;
    if (outcome === 'busy') await orTimeout(delay(LOOK_AGAIN), deadline);
  }
}

/** Waits no longer than until the deadline. */
async function orTimeout<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const refuse = () => late.reject(new RegistryError('indexBehind'));
  if (deadline.aborted) refuse();
  deadline.addEventListener('abort', refuse, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    deadline.removeEventListener('abort', refuse);
  }
}

/** A build that readers of this process wait for. It is given up when none of them does any more. */
interface SharedBuild {
  readonly outcome: Promise<BuildOutcome>;
  readonly givenUp: AbortController;
  readers: number;
}

const underWay = new WeakMap<Table, Map<string, SharedBuild>>();

/** Builds an index once for all readers in this process who ask for it at one time. */
async function buildTogether(
  registry: Registry,
  rules: IndexedRules,
  ref: IndexRef,
  deadline: AbortSignal,
): Promise<BuildOutcome> {
  const builds = underWay.get(registry.table) ?? new Map<string, SharedBuild>();
  underWay.set(registry.table, builds);
  const { pk } = keys.builtIndex(ref);
  const build = builds.get(pk) ?? startBuild(registry, rules, ref);
  builds.set(pk, build);
  build.readers++;
  const forget = () => builds.get(pk) === build && builds.delete(pk);
  build.outcome.then(forget, forget);
  try {
    return await orTimeout(build.outcome, deadline);
  } finally {
    build.readers--;
    if (build.readers === 0) {
      forget();
      build.givenUp.abort();
    }
  }
}

function startBuild(registry: Registry, rules: IndexedRules, ref: IndexRef): SharedBuild {
  const givenUp = new AbortController();
  const outcome = buildIndex(registry, rules, ref, { signal: givenUp.signal, builder: 'reader' });
  return { outcome, givenUp, readers: 0 };
}
