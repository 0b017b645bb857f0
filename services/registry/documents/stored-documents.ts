/** Rendered indexes in the table, compressed and in chunks: what one process has rendered no other renders again. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import type { Key, TableReader, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { BASE } from './document-kind.ts';
import { type Source, sourceList } from './source.ts';

const toBrotli = promisify(brotliCompress);
const fromBrotli = promisify(brotliDecompress);

/** Bytes of a compressed index per item, and how many items it may take; a larger one is rendered anew per process. */
const CHUNK = 350_000;
const MAX_CHUNKS = 10;

/** How long an index of several sources is kept, in seconds. */
const MERGED_LIFE = 7 * 24 * 3600;

/** How many lists of sources can have an index of the same kind and name. */
const MERGED_SLOTS = 256;

/** Compresses a text for the table. */
export function packed(text: string): Promise<Uint8Array> {
  return toBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}

/** The text that was compressed. */
export async function unpacked(bytes: Uint8Array): Promise<string> {
  return (await fromBrotli(bytes)).toString();
}

/**
 * Where the index of a list of sources is stored. Indexes of several sources share a bounded number of places, in which
 * one takes the other's: each item says which sources it is of, exactly, and counts for no others.
 */
export function documentKey(sources: readonly Source[], kind: string, part = ''): Key {
  const [first] = sources;
  if (!first) throw new Error('an index has at least one source');
  if (sources.length === 1) return keys.document(first.head, kind + part);
  const digest = createHash('sha256').update(sourceList(sources)).digest();
  const slot = digest.readUInt16BE() % MERGED_SLOTS;
  return keys.mergedDocument(first.head, kind, `${slot}${part}`);
}

/** What every stored item of an index says of itself. */
export function documentFacts(registry: Registry, sources: readonly Source[]) {
  return {
    sources: sourceList(sources),
    base: BASE,
    ...(sources.length > 1 && {
      expiresAt: Math.floor(registry.clock.now() / 1000) + MERGED_LIFE,
    }),
  };
}

/** The stored text of an index of these sources and revisions, with the `BASE` of this process. */
export async function readDocument(
  table: TableReader,
  sources: readonly Source[],
  kind: string,
  revision: string,
): Promise<string | undefined> {
  const first = await table.get(documentKey(sources, kind));
  const list = sourceList(sources);
  if (first?.chunks === undefined || first.revision !== revision || first.sources !== list) return undefined;
  const rest = Array.from({ length: Number(first.chunks) - 1 }, (_, index) =>
    documentKey(sources, kind, `#${index + 1}`),
  );
  const items = [first, ...(rest.length > 0 ? await table.getMany(rest) : [])];
  // Two processes may have stored it at once, each with its own `BASE`, or for other sources.
  const same = items.every(
    (item) => item?.revision === revision && item.base === first.base && item.sources === list,
  );
  if (!same) return undefined;
  const text = await unpacked(Buffer.concat(items.map((item) => item?.bytes as Uint8Array)));
  return first.base === BASE ? text : text.replaceAll(String(first.base), BASE);
}

/** Stores the text of an index, unless it is too long. What fails here costs the next process a rendering. */
export async function storeDocument(
  registry: Registry,
  sources: readonly Source[],
  kind: string,
  { revision, text }: { readonly revision: string; readonly text: string },
): Promise<void> {
  const bytes = await packed(text);
  const chunks = Math.max(1, Math.ceil(bytes.byteLength / CHUNK));
  if (chunks > MAX_CHUNKS) return;
  const facts = { revision, chunks, ...documentFacts(registry, sources) };
  const writes = Array.from({ length: chunks }, (_, index): Write => {
    const key = documentKey(sources, kind, index === 0 ? '' : `#${index}`);
    const part = new Uint8Array(bytes.subarray(index * CHUNK, (index + 1) * CHUNK));
    return { put: { ...itemOf(key, facts), bytes: part } };
  });
  await logFailure(registry, sources, () => registry.table.write(writes));
}

/** Runs a write whose failure costs nothing but work. */
export async function logFailure(
  registry: Registry,
  [source]: readonly Source[],
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { name, format } = source?.head ?? {};
    registry.log.error('rendered index not stored', { package: name, format, error });
  }
}
