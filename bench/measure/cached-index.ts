import type { Budget } from '../budgets.ts';
import { keepOn } from '../peers/bare.ts';
import type { Peer } from '../peers/peer.ts';
import { type Row, rowsOf } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { compare, type Lane } from './compare.ts';
import { READERS } from './packuments.ts';

/** An index of Packhouse, and how it is requested. */
export interface IndexOptions {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which index it is, for the report. */
  readonly work: string;
  /** The bound of its rate, compared with that of bare Node. */
  readonly budget?: Budget;
  /** Whether the readers already have it. */
  readonly known?: boolean;
}

/** How fast an index is sent, compressed, compared with bare Node that sends the same bytes from memory. */
export async function cachedIndex(bench: Workbench, options: IndexOptions): Promise<Row[]> {
  const { path, work, budget, known = false } = options;
  const packhouse = await bench.packhouse();
  const requestHeaders = { ...packhouse.headers, 'accept-encoding': 'gzip', ...options.headers };
  const response = await fetch(addressOf(packhouse, path), { headers: requestHeaders });
  if (!response.ok) throw new Error(`${path} returned ${response.status}`);
  const packed = new Blob([await response.arrayBuffer()]).stream().pipeThrough(new CompressionStream('gzip'));
  const etag = response.headers.get('etag') ?? '';
  const bare = await bench.bare();
  const barePath = await keepOn(bare, {
    path: `${path}-${known}`,
    body: new Uint8Array(await new Response(packed).arrayBuffer()),
    headers: {
      'content-type': response.headers.get('content-type') ?? '',
      'content-encoding': 'gzip',
      etag,
    },
  });
  const lane = (name: 'packhouse' | 'bare', server: Peer['server'], at: string): Lane => ({
    name,
    pid: server.pid,
    task: (round) => ({
      kind: 'repeat',
      host: server.host,
      port: server.port,
      path: at,
      headers: known ? { ...requestHeaders, 'if-none-match': etag } : requestHeaders,
      connections: READERS,
      seconds: bench.options.seconds * (round === 0 ? 2 : 1),
      status: known ? 304 : 200,
      awake: true,
    }),
  });
  const lanes = [lane('packhouse', packhouse.server, path), lane('bare', bare, barePath)];
  return rowsOf(await compare(bench.generator, lanes, bench.options.rounds), work, budget);
}

/** Does the work for each, `concurrency` at a time; returns how many seconds it took. */
export async function timed<T>(
  all: readonly T[],
  concurrency: number,
  work: (each: T) => Promise<void>,
): Promise<number> {
  const waiting = [...all];
  const start = performance.now();
  const worker = async () => {
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) await work(each);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (performance.now() - start) / 1000;
}

/** Sends a request to Packhouse; throws if it is refused. */
export async function send(packhouse: Peer, path: string, init: RequestInit): Promise<void> {
  const response = await fetch(addressOf(packhouse, path), {
    ...init,
    headers: { ...packhouse.headers, ...(init.headers as Record<string, string>) },
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path} was refused: ${response.status} ${answer}`);
}

function addressOf({ server }: Peer, path: string): string {
  return `http://${server.host}:${server.port}${path}`;
}
