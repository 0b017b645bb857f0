import { beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryBlobStore } from '../../../../services/adapters/memory/memory-blob-store.ts';
import type { BlobContent, BlobStore } from '../../../../services/ports/blob-store.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

describe.each([
  ['small', 1_000],
  ['large', 1_000_000],
])('a %s file', (_kind, size) => {
  let app: TestApp;
  let blobs: BlobStore;
  let url: string;
  beforeEach(async () => {
    vi.restoreAllMocks();
    blobs = memoryBlobStore();
    app = await startApp({ stores: { blobs } });
    const project = await app.project('tools');
    url = `/api/v4/projects/${project.id}/packages/generic/tool/1.0/tool.bin`;
    const put = await app.send('PUT', url, { token: app.rootToken, body: new Uint8Array(size).fill(7) });
    expect(put.status).toBe(201);
  });

  const get = () => app.send('GET', url, { token: app.rootToken });

  /** Makes the store return something other than its stored content. */
  function change(how: (content: BlobContent) => BlobContent | undefined): void {
    const real = blobs.get;
    vi.spyOn(blobs, 'get').mockImplementation(async (key, range) => {
      const content = await real(key, range);
      return content && how(content);
    });
  }

  test.each([
    ['is missing', () => undefined],
    ['is shorter than its record says', (content: BlobContent) => ({ ...content, size: content.size - 1 })],
    ['is longer than its record says', (content: BlobContent) => ({ ...content, size: content.size + 1 })],
  ])('is not sent if its blob %s', async (_case, how) => {
    change(how);
    const answer = await get();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(app.errors).toMatchObject([{ message: 'storage failed' }]);
  });

  test('never arrives completely if the store fails while it is read', async () => {
    const broken = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.error(new Error('the store broke off'));
        },
      });
    change((content) => ({ ...content, body: broken() }));
    const answer = await get();
    if (answer.status === 200) await expect(answer.arrayBuffer()).rejects.toThrow('the store broke off');
    else expect(answer.status).toBe(503);
    vi.restoreAllMocks();
    const again = await get();
    expect((await again.arrayBuffer()).byteLength).toBe(size);
  });
});
