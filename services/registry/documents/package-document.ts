import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import {
  isServed,
  type ListedPackage,
  type PackageFile,
  type PackageHead,
  type PackageRef,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { Item, TableReader, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf } from '../records/entities.ts';
import { beforeOlderFiles, isOlderFile, keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import type { Document } from './document-cache.ts';
import { mergeContents } from './merge-contents.ts';
import type { PackageContents } from './package-contents.ts';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/**
 * Stands in a rendered index for the address it is asked under, which differs between project, group and instance. Each
 * process has its own, which nobody else learns: so no publisher can write it, and what was published stays as it is.
 */
export const BASE = `{packhouse:base:${randomUUID()}}`;

/** Bytes of a compressed index per item, and how many items it may take; a larger one is rendered anew per process. */
const CHUNK = 350_000;
const MAX_CHUNKS = 10;

/** How many files of a version its own document is made from. */
export const MAX_FILES = 1000;

/** How many pages are read to find them: older copies, of which one name may have very many, stand between them. */
const MAX_PAGES = 100;

/** One kind of index document of a package. */
export interface DocumentKind<M> {
  /** Names the stored document; change it when `render` changes what it writes. */
  readonly kind: string;
  /** Whether `render` looks at files. */
  readonly files: boolean;
  /**
   * The one version whose files `render` looks at, if not at those of all; its name must be part of `kind`. Of very
   * many files only the last `MAX_FILES` by name count. Such a document is kept in memory alone.
   */
  readonly version?: string;
  /** Whether `render` looks at the packages that the name lists. */
  readonly listed?: boolean;
  /** The version whose readme `render` looks at, if any. */
  readonly readmeOf?: (contents: PackageContents<M>) => Version<M> | undefined;
  /** The document's text with `BASE` where the asked address goes. Pure. */
  render(contents: PackageContents<M>): string;
}

/**
 * The index document of a package that one or more projects hold, for the address `base`. Rendered once per
 * revision and kept in the table and in memory; when several projects hold the name their versions are merged,
 * the first project's winning. A read whose head says what memory has costs nothing more.
 */
export async function packageDocument<M>(
  registry: Registry,
  heads: readonly [PackageHead, ...PackageHead[]],
  kind: DocumentKind<M>,
  base: string,
): Promise<Document> {
  const [first] = heads;
  const revision = heads
    .map((head) => `${head.projectId.toString(36)}.${head.revision.toString(36)}`)
    .join('-');
  const key = [kind.kind, first.format, first.name, heads.map((head) => head.projectId).join(), base].join(
    '\n',
  );
  return registry.documents.get(key, revision, async () => {
    const text =
      heads.length === 1 ? await storedText(registry, first, kind) : await mergedText(registry, heads, kind);
    return Buffer.from(text.replaceAll(BASE, () => base));
  });
}

async function mergedText<M>(
  registry: Registry,
  heads: readonly PackageHead[],
  kind: DocumentKind<M>,
): Promise<string> {
  const all = await Promise.all(heads.map((head) => contentsFor(registry.table, head, kind)));
  return rendered(registry.table, kind, mergeContents(all, kind.files));
}

async function storedText<M>(registry: Registry, head: PackageHead, kind: DocumentKind<M>): Promise<string> {
  const kept = kind.version === undefined;
  const stored = kept ? await readDocument(registry.table, head, kind.kind) : undefined;
  if (stored !== undefined) return stored;
  const text = await rendered(registry.table, kind, await contentsFor(registry.table, head, kind));
  if (kept) await storeDocument(registry, head, kind.kind, text);
  return text;
}

/** What a kind of document is made from. */
async function contentsFor<M>(
  table: TableReader,
  head: PackageHead,
  kind: DocumentKind<M>,
): Promise<PackageContents<M>> {
  if (kind.version !== undefined) return readVersionContents(table, head, kind.version);
  const [contents, listed] = await Promise.all([
    readContents<M>(table, head, kind.files),
    kind.listed ? queryAll(table, ranges.listed(head)) : [],
  ]);
  return { ...contents, listed: listed.map((item) => entityOf<ListedPackage>(item)) };
}

/** One version and its files; of more than `MAX_FILES` the last by name. */
async function readVersionContents<M>(
  table: TableReader,
  head: PackageHead,
  version: string,
): Promise<PackageContents<M>> {
  const [item, files] = await Promise.all([
    table.get(keys.version(head, version)),
    readCurrentFiles(table, head, version),
  ]);
  return servedOf({
    head,
    versions: item ? [entityOf<Version<M>>(item)] : [],
    tags: [],
    files: files.map((each) => entityOf<PackageFile>(each)),
  });
}

/** What of a package an index may show: versions that are served, and the files that belong to one of them. */
function servedOf<M>(contents: PackageContents<M>): PackageContents<M> {
  const versions = contents.versions.filter(isServed);
  const ids = new Set(versions.map(({ id }) => id));
  return { ...contents, versions, files: contents.files.filter(({ versionId }) => ids.has(versionId)) };
}

/** The last `MAX_FILES` files of a version, by name, that no later one of their name has replaced. */
async function readCurrentFiles(table: TableReader, ref: PackageRef, version: string): Promise<Item[]> {
  const files: Item[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && files.length < MAX_FILES; pages++) {
    const range = { ...ranges.filesOf(ref, version), reverse: true, limit: MAX_FILES };
    const page = await table.query(after === undefined ? range : { ...range, after });
    files.push(...page.items.filter((each) => !isOlderFile(each)));
    const last = page.items.at(-1);
    if (!page.more || !last) break;
    // However many older files of one name are left, the next page begins behind them.
    after = isOlderFile(last) ? beforeOlderFiles(last) : last.sk;
  }
  return files.slice(0, MAX_FILES);
}

async function rendered<M>(
  table: TableReader,
  kind: DocumentKind<M>,
  contents: PackageContents<M>,
): Promise<string> {
  const version = kind.readmeOf?.(contents);
  const item = version && (await table.get(keys.readme(version, version.version)));
  return kind.render(item ? { ...contents, readme: String(item.text) } : contents);
}

/** A stored document of the head's revision, with the `BASE` of this process. */
async function readDocument(
  table: TableReader,
  head: PackageHead,
  kind: string,
): Promise<string | undefined> {
  const first = await table.get(keys.document(head, kind));
  if (first?.revision !== head.revision || first.base === undefined) return undefined;
  const rest = Array.from({ length: Number(first.chunks) - 1 }, (_, index) =>
    keys.document(head, `${kind}#${index + 1}`),
  );
  const items = [first, ...(rest.length > 0 ? await table.getMany(rest) : [])];
  // Two processes may have stored it at once, each with its own `BASE`.
  if (items.some((item) => item?.revision !== head.revision || item.base !== first.base)) return undefined;
  const bytes = Buffer.concat(items.map((item) => item?.bytes as Uint8Array));
  const text = (await decompress(bytes)).toString();
  return first.base === BASE ? text : text.replaceAll(String(first.base), BASE);
}

async function storeDocument(
  registry: Registry,
  head: PackageHead,
  kind: string,
  text: string,
): Promise<void> {
  const bytes = await compress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
  const chunks = Math.max(1, Math.ceil(bytes.byteLength / CHUNK));
  if (chunks > MAX_CHUNKS) return;
  const writes = Array.from({ length: chunks }, (_, index): Write => {
    const key = keys.document(head, index === 0 ? kind : `${kind}#${index}`);
    const part = new Uint8Array(bytes.subarray(index * CHUNK, (index + 1) * CHUNK));
    return { put: { ...itemOf(key, { revision: head.revision, chunks, base: BASE }), bytes: part } };
  });
  try {
    await registry.table.write(writes);
  } catch (error) {
    registry.log.error('rendered index not stored', { package: head.name, format: head.format, error });
  }
}

/** What an index of a package may show; of its files, if wanted, those that no later one of the name has replaced. */
export async function readContents<M>(
  table: TableReader,
  head: PackageHead,
  files: boolean,
): Promise<PackageContents<M>> {
  const ref: PackageRef = head;
  const [versions, tags, fileItems] = await Promise.all([
    queryAll(table, ranges.versions(ref)),
    queryAll(table, ranges.tags(ref)),
    files ? queryAll(table, ranges.files(ref)) : ([] as Item[]),
  ]);
  return servedOf({
    head,
    versions: versions.map((item) => entityOf<Version<M>>(item)),
    tags: tags.map((item) => entityOf<Tag>(item)),
    files: fileItems.filter((item) => !isOlderFile(item)).map((item) => entityOf<PackageFile>(item)),
  });
}
