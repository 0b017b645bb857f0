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
import { servedDocuments } from './index-documents.ts';
import { type BuiltIndex, type StoredAlias, type StoredDocument, stateKeys } from './records.ts';

/** How long a reader waits for an index to be built, in milliseconds; less than the time limit of a function. */
const BUILD_TIMEOUT = 20_000;

/** How often a reader polls while another process builds the index, in milliseconds. */
const POLL_INTERVAL = 200;

/** A document of an index, with its bytes if it is small, otherwise with its storage key. */
export type FoundDocument = IndexDocument & Pick<StoredDocument, 'bytes' | 'storageKey'>;

/** The requested document. */
export interface DocumentQuery {
  readonly ref: IndexRef;
  /** Its name or one of its aliases. */
  readonly name: string;
}

/** A query with the items read for it, along with others. */
export interface ReadDocument {
  readonly query: DocumentQuery;
  /** Must include the items of `documentKeys`. */
  readonly items: Items;
}

/** Returns the keys of the items to read for a document. */
export function documentKeys({ ref, name }: DocumentQuery): readonly Key[] {
  return [...stateKeys(ref), ...slotKeys(ref, name), keys.indexAlias(ref, name)];
}

function slotKeys(ref: IndexRef, name: string): Key[] {
  return documentSlots.map((slot) => keys.indexDocument(ref, name, slot));
}

/**
 * Returns a document of an index over all packages of a project. It contains everything that was published before
 * the read: an index that is out of date is built first. Undefined if the index or the document does not exist.
 * @throws RegistryError `indexBehind` if building takes too long
 */
export async function findRepositoryDocument(
  registry: Registry,
  rules: IndexedRules,
  { query, items }: ReadDocument,
): Promise<FoundDocument | undefined> {
  const { ref, name } = query;
  const item = items.get<IndexState['item']>(keys.index(ref));
  if (!item) return undefined;
  // An alias identifies the bytes themselves, so they need not be of the current build.
  const alias = items.get<StoredAlias>(keys.indexAlias(ref, name));
  if (alias && !alias.internal) return alias;
  const built = items.get<BuiltIndex>(keys.builtIndex(ref));
  if (isCurrent({ item, built }, rules.index, registry.clock.now())) return served(query, items);
  await catchUp(registry, rules, ref, item.revision);
  const again = await readItems(registry.table, documentKeys(query));
  const added = again.get<StoredAlias>(keys.indexAlias(ref, name));
  return added && !added.internal ? added : served(query, again);
}

function served({ ref, name }: DocumentQuery, items: Items): FoundDocument | undefined {
  const slots = slotKeys(ref, name).flatMap((key) => items.get<StoredDocument>(key) ?? []);
  const generation = items.get<BuiltIndex>(keys.builtIndex(ref))?.generation ?? 0;
  const found = servedDocuments(slots, generation).get(name);
  return found && !found.gone && !found.internal ? found : undefined;
}

/** Builds an index, or waits for its builder, until its documents have reached a revision. */
async function catchUp(
  registry: Registry,
  rules: IndexedRules,
  ref: IndexRef,
  revision: number,
): Promise<void> {
  const deadline = AbortSignal.timeout(BUILD_TIMEOUT);
  for (;;) {
    const outcome = await buildTogether(registry, rules, ref, deadline);
    const built = maybeEntity<BuiltIndex>(await registry.table.get(keys.builtIndex(ref)));
    if (built && built.revision >= revision && built.layout === rules.index.layout) return;
    if (outcome === 'busy') await orTimeout(delay(POLL_INTERVAL), deadline);
  }
}

/**
 * Waits for `work` until the deadline.
 * @throws RegistryError `indexBehind` at the deadline
 */
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

/** A build that readers of this process wait for. It is aborted when the last of them stops waiting. */
interface SharedBuild {
  readonly outcome: Promise<BuildOutcome>;
  readonly abort: AbortController;
  readers: number;
}

const buildsInProgress = new WeakMap<Table, Map<string, SharedBuild>>();

/** Builds an index once for all concurrent readers in this process. */
async function buildTogether(
  registry: Registry,
  rules: IndexedRules,
  ref: IndexRef,
  deadline: AbortSignal,
): Promise<BuildOutcome> {
  const builds = buildsInProgress.get(registry.table) ?? new Map<string, SharedBuild>();
  buildsInProgress.set(registry.table, builds);
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
      build.abort.abort();
    }
  }
}

function startBuild(registry: Registry, rules: IndexedRules, ref: IndexRef): SharedBuild {
  const abort = new AbortController();
  const outcome = buildIndex(registry, rules, ref, { signal: abort.signal, builder: 'reader' });
  return { outcome, abort, readers: 0 };
}
