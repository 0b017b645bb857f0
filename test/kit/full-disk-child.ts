/**
 * Fills the small disk that the data directory named on the command line lies on, frees space again, and prints
 * what happened as one line of JSON.
 */
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';

/** The report of the child. */
export interface FullDiskReport {
  /** Errors of the writes for which there was no space, by kind. */
  readonly refused: { readonly [kind: string]: { readonly code: unknown; readonly message: string } };
  /** Sort keys of the items whose writes were acknowledged, and of those found at the end. */
  readonly acknowledged: readonly string[];
  readonly found: readonly string[];
  readonly uploadsWhenFull: readonly string[];
  readonly blobsWhenFull: readonly string[];
  readonly handled: readonly string[];
}

const directory = process.argv[2] ?? '';
const refused: Record<string, { code: unknown; message: string }> = {};
const acknowledged: string[] = [];
const handled: string[] = [];
const text = 'x'.repeat(200_000);

/** Runs the write; returns whether there was space for it. */
async function attempt(kind: string, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    refused[kind] = { code: (error as { code?: unknown }).code, message: (error as Error).message };
    return false;
  }
}

async function* bodyOf(megabytes: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < megabytes * 16; n++) yield new Uint8Array(65_536).fill(n);
}

async function putItem(sk: string, fill: string): Promise<boolean> {
  const stored = await attempt('item', () => opened.table.write([{ put: { pk: 'items', sk, fill } }]));
  if (stored) acknowledged.push(sk);
  return stored;
}

const opened = await openEmbedded(directory);
const queue = opened.queue('work', { retryAfter: 0, maxAttempts: 3 });
const stop = new AbortController();
const release = Promise.withResolvers<void>();
const handling = Promise.withResolvers<void>();
const done = Promise.withResolvers<void>();
const consumed = queue.consume(async ({ body }) => {
  handling.resolve();
  await release.promise;
  handled.push(body);
  if (body === 'after') done.resolve();
}, stop.signal);

await queue.send(['before']);
await handling.promise;
// When it is deleted, the database may grow by all that is in its log, which fills the rest of the disk.
await opened.blobs.put('ballast', bodyOf(8));
for (let n = 0; await putItem(`large ${n}`, text); n++);
for (let n = 0; await putItem(`small ${n}`, ''); n++);
await attempt('queue', () => queue.send([text]));
await attempt('blob', () => opened.blobs.put('large', bodyOf(8)));
await attempt('batch', () => Promise.all(Array.from({ length: 20 }, (_, n) => putItem(`batch ${n}`, text))));
const uploadsWhenFull = await readdir(join(directory, 'uploads'));
const blobsWhenFull = (await opened.blobs.list()).blobs.map(({ key }) => key);
release.resolve();

await opened.blobs.delete(['ballast']);
const { bavail, bsize } = await statfs(directory);
if (bavail * bsize < 1_000_000) throw new Error('no space was freed');
await putItem('after', '');
await opened.blobs.put('after', bodyOf(1));
await queue.send(['after']);
await done.promise;
stop.abort();
await consumed;
await opened.close();

const again = await openEmbedded(directory);
const found = (await again.table.query({ pk: 'items' })).items.map(({ sk }) => sk);
await again.close();
const report: FullDiskReport = { refused, acknowledged, found, uploadsWhenFull, blobsWhenFull, handled };
process.stdout.write(`${JSON.stringify(report)}\n`);
