import { beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import { StoreUnavailable } from '../../services/ports/store-unavailable.ts';
import { type Table, TableBusy } from '../../services/ports/table.ts';
import type { RegistrySettings } from '../../services/registry/context.ts';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

/** Errors that a store may throw instead of storing. */
const outage = (mayBeWritten = false) => new StoreUnavailable('the store failed', { mayBeWritten });
const full = () => Object.assign(new Error('no room'), { code: 'ENOSPC' });

describe.each(everySample)('an upload of $id', (sample) => {
  let blobs: BlobStore;
  let table: Table;
  let app: TestApp;
  let project: Project;
  let url: string;

  async function start(settings: Partial<RegistrySettings> = {}): Promise<void> {
    vi.restoreAllMocks();
    blobs = memoryBlobStore();
    table = memoryTable();
    app = await startApp({ stores: { blobs, table }, settings, formats: formatsWith(sample) });
    project = await app.project('tools');
    url = prefixIn(sample, 'project', project.id);
  }
  beforeEach(() => start());

  /** Publishes with a body derived from the complete one. */
  async function publish(
    bodyFrom: (complete: Uint8Array) => unknown = (complete) => complete,
    more: Record<string, string> = {},
  ): Promise<Response> {
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    const init = { token: app.rootToken, headers: { ...headers, ...more } };
    return app.send(method, url + path, { ...init, body: bodyFrom(Buffer.from(body)) });
  }

  /** Expects that nothing is stored or served, and that the same upload succeeds when it is retried. */
  async function expectNothingStoredAndRetry(): Promise<void> {
    expect((await blobs.list()).blobs).toEqual([]);
    const get = () => app.send('GET', url + sample.file('sample', '1.0.0'), { token: app.rootToken });
    expect((await get()).status).toBe(404);
    vi.restoreAllMocks();
    expect((await publish()).status).toBeLessThan(300);
    expect((await get()).status).toBe(200);
  }

  test.each([0, 0.1, 0.5, 0.99])(
    'leaves nothing when the connection breaks after a share of %d',
    async (share) => {
      const answer = await publish((complete) =>
        inPieces(complete.subarray(0, Math.floor(complete.byteLength * share)), (controller) =>
          controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })),
        ),
      );
      expect([answer.status, await answer.text()]).toEqual([
        400,
        expect.stringContaining('The upload ended early'),
      ]);
      expect(app.errors).toEqual([]);
      await expectNothingStoredAndRetry();
    },
  );

  test('is aborted with 408 and leaves nothing when it stalls', async () => {
    await start({ bodyIdleTimeout: 20 });
    const answer = await publish((complete) =>
      inPieces(complete.subarray(0, complete.byteLength / 2), () => {}),
    );
    expect([answer.status, await answer.text()]).toEqual([
      408,
      expect.stringContaining('The upload stalled'),
    ]);
    expect(app.errors).toEqual([]);
    await expectNothingStoredAndRetry();
  });

  test.each([
    ['the blob store fails', 503, outage, 'The storage is not available, try again later'],
    ['the disk is full', 507, full, 'The storage is full; nothing was written'],
  ])('leaves nothing when %s', async (_why, status, error, words) => {
    vi.spyOn(blobs, 'put').mockImplementation(async (_key, body) => {
      for await (const _chunk of body) break;
      throw error();
    });
    const answer = await publish();
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(words)]);
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '5' : null);
    expect(app.errors).toMatchObject([{ message: 'storage failed' }]);
    await expectNothingStoredAndRetry();
  });

  test('leaves nothing when the table is busy', async () => {
    vi.spyOn(table, 'write').mockRejectedValue(new TableBusy());
    const answer = await publish();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.text()).toContain('The storage is not available, try again later');
    await expectNothingStoredAndRetry();
  });

  test('keeps its bytes when the commit gets no answer, since it may have succeeded', async () => {
    const write = table.write;
    vi.spyOn(table, 'write').mockImplementation(async (operations) => {
      await write(operations);
      // Earlier writes, such as those of ids, get an answer.
      if (operations.length > 1) throw outage(true);
    });
    expect((await publish()).status).toBe(503);
    vi.restoreAllMocks();
    const got = await app.send('GET', url + sample.file('sample', '1.0.0'), { token: app.rootToken });
    const { bytes } = await sample.publish('sample', '1.0.0');
    expect([got.status, Buffer.from(await got.arrayBuffer()).equals(bytes)]).toEqual([200, true]);
  });

  test('is swept when the commit gets no answer and did not succeed', async () => {
    vi.spyOn(table, 'write').mockRejectedValue(outage(true));
    expect((await publish()).status).toBe(503);
    expect((await blobs.list()).blobs).not.toEqual([]);
    vi.restoreAllMocks();
    app.clock.advance(Date.now() - app.clock.now() + 2 * 24 * 3600 * 1000);
    await sweepOrphans(app.registry);
    await expectNothingStoredAndRetry();
  });

  test('is rejected before a byte is read when its content length exceeds the limit', async () => {
    await start({ bodyLimit: { bytes: 300, hint: '' } });
    let pulls = 0;
    const body = () => new ReadableStream<Uint8Array>({ pull: () => void pulls++ }, { highWaterMark: 0 });
    const answer = await publish(body, { 'content-length': '50000000' });
    expect([answer.status, pulls]).toEqual([413, 0]);
    expect(await answer.text()).toMatch(/The file is larger than the limit of \d+ bytes\./);
    expect((await blobs.list()).blobs).toEqual([]);
  });

  test('succeeds without a content length', async () => {
    const answer = await publish((complete) => inPieces(complete, (controller) => controller.close()));
    expect(answer.status).toBeLessThan(300);
    const got = await app.send('GET', url + sample.file('sample', '1.0.0'), { token: app.rootToken });
    const { bytes } = await sample.publish('sample', '1.0.0');
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
  });
});

const PIECE = 100;

type Then = (controller: ReadableStreamDefaultController<Uint8Array>) => void;

/** A body that sends its bytes in small pieces and then calls `then`. */
function inPieces(bytes: Uint8Array, then: Then): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      at += PIECE;
      if (at - PIECE < bytes.byteLength) return controller.enqueue(bytes.subarray(at - PIECE, at));
      then(controller);
      // A pull that never resolves is not repeated.
      await new Promise(() => {});
    },
  });
}
