/** Rendered indexes in the table, compressed and in chunks, so that each is rendered once for all processes. */
import { createHash, randomUUID } from 'node:crypto';
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

/** Bytes of a compressed index per item, and the most items; each process renders larger ones itself. */
const CHUNK = 350_000;
const MAX_CHUNKS = 10;

/** Lifetime of an index of several sources, in seconds. */
const MERGED_LIFE = 7 * 24 * 3600;

/** The most stored indexes of several sources for one kind and name. */
const MERGED_SLOTS = 256;

/** Compresses a text to be stored in the table. */
export function packed(text: string): Promise<Uint8Array> {
  return toBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}

/** Decompresses a text from the table. */
export async function unpacked(bytes: Uint8Array): Promise<string> {
  return (await fromBrotli(bytes)).toString();
}

/**
 * Returns the key of the index of a list of sources. Indexes of several sources share a bounded number of slots,
 * where one may overwrite another. Each item states its exact sources, and is used only for them.
 */
export function documentKey(sources: readonly Source[], kind: string, part = ''): Key {
  const [first] = sources;
  if (!first) throw new Error('an index has at least one source');
  if (sources.length === 1) return keys.document(first.head, kind + part);
  const digest = createHash('sha256').update(sourceList(sources)).digest();
  const slot = digest.readUInt16BE() % MERGED_SLOTS;
  return keys.mergedDocument(first.head, kind, `${slot}${part}`);
}

/** Returns the attributes of every stored item of an index. */
export function documentFacts(registry: Registry, sources: readonly Source[]) {
  return {
    sources: sourceList(sources),
    base: BASE,
    ...(sources.length > 1 && {
      expiresAt: Math.floor(registry.clock.now() / 1000) + MERGED_LIFE,
    }),
  };
}

/** Reads the stored text of an index of these sources and revisions, with the `BASE` of this process. */
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
  // It may be stored again while it is read. Items from before there were stamps differ by `BASE` only.
  const same = items.every(
    (item) =>
      item?.revision === revision &&
      item.stamp === first.stamp &&
      item.base === first.base &&
      item.sources === list,
  );
  if (!same) return undefined;
  const text = await unpacked(Buffer.concat(items.map((item) => item?.bytes as Uint8Array)));
  return first.base === BASE ? text : text.replaceAll(String(first.base), BASE);
}

/**
 * Stores the text of an index, unless it is too long. On failure, the next process only has to render it again.
 */
export async function storeDocument(
  registry: Registry,
  sources: readonly Source[],
  kind: string,
  { revision, text }: { readonly revision: string; readonly text: string },
): Promise<void> {
  const bytes = await packed(text);
  const chunks = Math.max(1, Math.ceil(bytes.byteLength / CHUNK));
  if (chunks > MAX_CHUNKS) return;
  const facts = { revision, chunks, stamp: randomUUID(), ...documentFacts(registry, sources) };
  const writes = Array.from({ length: chunks }, (_, index): Write => {
    const key = documentKey(sources, kind, index === 0 ? '' : `#${index}`);
    const part = new Uint8Array(bytes.subarray(index * CHUNK, (index + 1) * CHUNK));
    return { put: { ...itemOf(key, facts), bytes: part } };
  });
  await logFailure(registry, sources, () => registry.table.write(writes));
}

/** Runs a write whose failure is harmless, and logs the failure. Without room for more, nothing is written. */
export async function logFailure(
  registry: Registry,
  [source]: readonly Source[],
  write: () => Promise<void>,
): Promise<void> {
  if (registry.room.isShort) return;
  try {
    await write();
  } catch (error) {
    const { name, format } = source?.head ?? {};
    registry.log.error('rendered index not stored', { package: name, format, error });
  }
}
