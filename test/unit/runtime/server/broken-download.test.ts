import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryBlobStore } from '../../../../services/adapters/memory/memory-blob-store.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';
import { rawClient } from '../../../kit/raw-client.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

const SIZE = 20_000_000;
const PIECE = 100_000;

/** A blob of the letter A that fails after `after` bytes, or when `fail` is called. */
function failingBlob(after = Number.POSITIVE_INFINITY) {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let sent = 0;
  const fail = () => controller.error(new Error('a secret of the store'));
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    pull() {
      if (sent >= after) return fail();
      sent += PIECE;
      controller.enqueue(new Uint8Array(PIECE).fill(65));
    },
  });
  return { body, fail, sent: () => sent };
}

describe('a download during which the blob store fails', () => {
  let app: TestApp;
  let listening: Listening;
  let path: string;
  const blobs = memoryBlobStore();
  beforeEach(async () => {
    app = await startApp({ stores: { blobs } });
    listening = await listen(app.app, { host: '127.0.0.1', port: 0 });
    const project = await app.project('open', 'public');
    path = `/api/v4/projects/${project.id}/packages/generic/tool/1.0/tool.bin`;
    const put = await app.send('PUT', path, { token: app.rootToken, body: new Uint8Array(SIZE).fill(65) });
    expect(put.status).toBe(201);
  });
  afterEach(async () => {
    await listening.stop();
    vi.restoreAllMocks();
  });

  async function download(body: ReadableStream<Uint8Array>) {
    vi.spyOn(blobs, 'get').mockImplementation(async (key) => ({ key, size: SIZE, modifiedAt: 0, body }));
    const client = await rawClient(`http://127.0.0.1:${listening.port}`);
    client.head(`GET ${path} HTTP/1.1`, 'host: h');
    return client;
  }

  function expectIncomplete(seen: string): void {
    const [head = '', body = ''] = seen.split('\r\n\r\n');
    expect(head).toContain('HTTP/1.1 200 OK');
    expect(head).toContain(`content-length: ${SIZE}`);
    expect(body).toMatch(/^A*$/);
    expect(body.length).toBeLessThan(SIZE);
    expect(app.errors).toMatchObject([
      { message: 'download interrupted', error: { message: 'a secret of the store' } },
    ]);
  }

  test('breaks the connection of a client that is reading', async () => {
    const printed = vi.spyOn(console, 'error');
    const client = await download(failingBlob(SIZE / 2).body);
    await client.answer().catch(() => {});
    expectIncomplete(client.seen());
    expect(printed).not.toHaveBeenCalled();
  });

  test('breaks the connection of a client that reads too slowly', async () => {
    const blob = failingBlob();
    const client = await download(blob.body);
    let before = -1;
    await vi.waitFor(() => {
      const isStuck = blob.sent() > 0 && blob.sent() === before;
      before = blob.sent();
      expect(isStuck).toBe(true);
    });
    blob.fail();
    await client.answer().catch(() => {});
    expectIncomplete(client.seen());
  });
});
