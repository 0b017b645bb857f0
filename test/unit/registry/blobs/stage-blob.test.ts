import { describe, expect, test } from 'vitest';
import { RegistryError } from '../../../../services/domain/errors.ts';
import { discardUnless, stageBlob } from '../../../../services/registry/blobs/stage-blob.ts';
import { checkStorage } from '../../../../services/registry/maintenance/check/check-storage.ts';
import { bytesOf } from '../../../kit/publish.ts';
import { startApp } from '../../../kit/start-app.ts';

describe('staged blobs', () => {
  test('are deleted when the publish is refused', async () => {
    const { registry } = await startApp();
    const { blob } = await stageBlob(registry, bytesOf('bytes'), { limit: 10 });
    const work = () => Promise.reject(new RegistryError('duplicateFile'));
    await expect(discardUnless(registry, [blob], work)).rejects.toThrow('Duplicate');
    expect(await registry.blobs.head(blob.storageKey)).toBeUndefined();
  });

  test('are kept when a transaction fails that may have stored references to them', async () => {
    const app = await startApp();
    const project = await app.project('tools');
    const url = `/api/v4/projects/${project.id}/packages/generic/tool/1.0/a.bin`;
    const { write } = app.registry.table;
    Object.assign(app.registry.table, {
      async write(operations: Parameters<typeof write>[0]) {
        await write(operations);
        throw new Error('the connection broke');
      },
    });
    expect((await app.send('PUT', url, { token: app.rootToken, body: 'bytes' })).status).toBe(500);
    Object.assign(app.registry.table, { write });
    const answer = await app.send('GET', url, { token: app.rootToken });
    expect([answer.status, await answer.text()]).toEqual([200, 'bytes']);
    expect((await checkStorage(app.registry, { verify: true, concurrency: 1 })).problems).toEqual([]);
  });
});

test('an interrupted upload throws only its own error, even if its inspector finished early or never read', async () => {
  const { registry } = await startApp();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('some');
    throw new Error('the client is gone');
  }
  const uncaught: unknown[] = [];
  const listen = (error: unknown) => void uncaught.push(error);
  process.on('uncaughtException', listen);
  for (const inspect of [async () => 'enough', () => new Promise<string>(() => {})]) {
    await expect(stageBlob(registry, body(), { limit: 100, inspect })).rejects.toThrow('the client is gone');
  }
  // An unhandled error is thrown in a separate turn of the event loop.
  await new Promise(setImmediate);
  process.off('uncaughtException', listen);
  expect(uncaught).toEqual([]);
});
