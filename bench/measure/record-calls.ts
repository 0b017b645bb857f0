import type { BlobStore } from '../../services/ports/blob-store.ts';
import type { Table } from '../../services/ports/table.ts';

/** A call of a store: what was called, and when it began and ended, as positions in one sequence of events. */
export interface Call {
  readonly store: string;
  readonly method: string;
  readonly began: number;
  readonly ended: number;
}

/** Records the calls of stores. */
export interface CallRecorder {
  table(name: string, inner: Table): Table;
  blobs(inner: BlobStore): BlobStore;
  /** The calls that have ended since the last `take`. */
  take(): Call[];
}

/**
 * Records the calls of stores. A call lasts until nothing else can begin, so that calls that can run concurrently do,
 * and a call that begins after it had to wait for it: on a network, that would be a further round trip.
 */
export function recordCalls(): CallRecorder {
  let position = 0;
  let calls: Call[] = [];

  async function recorded<T>(store: string, method: string, work: () => Promise<T>): Promise<T> {
    const began = ++position;
    await new Promise((resolve) => setImmediate(resolve));
    try {
      return await work();
    } finally {
      calls.push({ store, method, began, ended: ++position });
    }
  }

  return {
    table: (name, inner) => ({
      get: (key) => recorded(name, 'get', () => inner.get(key)),
      getMany: (keys) => recorded(name, 'getMany', () => inner.getMany(keys)),
      query: (query) => recorded(name, 'query', () => inner.query(query)),
      write: (operations) => recorded(name, 'write', () => inner.write(operations)),
      update: (key, changes, when) => recorded(name, 'update', () => inner.update(key, changes, when)),
    }),
    blobs: (inner) => ({
      put: (key, body) => recorded('blobs', 'put', () => inner.put(key, body)),
      get: (key, range) => recorded('blobs', 'get', () => inner.get(key, range)),
      head: (key) => recorded('blobs', 'head', () => inner.head(key)),
      delete: (keys) => recorded('blobs', 'delete', () => inner.delete(keys)),
      list: (options) => recorded('blobs', 'list', () => inner.list(options)),
      dropUnfinished: (options) => recorded('blobs', 'dropUnfinished', () => inner.dropUnfinished(options)),
      // Signing a link needs no call of the store.
      link: (key, options) => inner.link(key, options),
    }),
    take() {
      const taken = calls;
      calls = [];
      return taken;
    },
  };
}

/** How many of the calls had to wait for one another: the longest chain in which each began after the last ended. */
export function sequentialTrips(calls: readonly Call[]): number {
  const depths = new Map<Call, number>();
  for (const call of [...calls].sort((a, b) => a.began - b.began)) {
    const before = [...depths].filter(([earlier]) => earlier.ended < call.began);
    depths.set(call, 1 + Math.max(0, ...before.map(([, depth]) => depth)));
  }
  return Math.max(0, ...depths.values());
}
