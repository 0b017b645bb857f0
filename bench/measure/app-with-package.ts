import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import type { Stores } from '../../services/runtime/compose.ts';
import { startApp } from '../../test/kit/start-app.ts';
import { publishBody, tarballOf } from '../packages/publish-request.ts';

/** The application in this process, over stores in memory, with a private project that has an npm package. */
export async function appWithPackage(versions: number, stores: Partial<Stores> = {}) {
  const table = memoryTable();
  const {
    app,
    project,
    rootToken: token,
  } = await startApp({
    stores: { table, blobs: memoryBlobStore(), ...stores },
  });
  const { id } = await project('bench');
  const name = 'some-package';
  const registry = `/api/v4/projects/${id}/packages/npm`;
  async function publish(version: string, size = 256): Promise<void> {
    const body = publishBody(name, version, tarballOf(name, version, size), `http://bench.test${registry}`);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = new Request(`http://bench.test${registry}/${name}`, { method: 'PUT', headers, body });
    const answer = await app(request, {});
    if (!answer.ok) throw new Error(`not published: ${answer.status} ${await answer.text()}`);
  }
  for (let patch = 0; patch < versions; patch++) await publish(`1.0.${patch}`);
  return { app, table, token, name, publish, url: `${registry}/${name}` };
}
