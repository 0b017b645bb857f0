import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Table } from '../../../../services/ports/table.ts';
import { projectSource } from '../../../../services/registry/documents/source.ts';
import { readDocument, storeDocument } from '../../../../services/registry/documents/stored-documents.ts';
import { startApp } from '../../../kit/start-app.ts';

test('an index is never composed of chunks from two writes for the same revision', async () => {
  const { registry } = await startApp();
  const head = { projectId: 1, format: 'npm', name: 'sample', revision: 1, versionCount: 1, updatedAt: 0 };
  const source = projectSource(registry.table, head as Parameters<typeof projectSource>[1]);
  const store = (text: string) => storeDocument(registry, [source], 'kind', { revision: '1.1', text });
  const texts = [1, 2].map(() => randomBytes(500_000).toString('base64'));
  await store(texts[0] ?? '');
  const table: Table = {
    ...registry.table,
    async getMany(keys) {
      await store(texts[1] ?? '');
      return registry.table.getMany(keys);
    },
  };
  expect(await readDocument(table, [source], 'kind', '1.1')).toBeUndefined();
  expect(await readDocument(registry.table, [source], 'kind', '1.1')).toBe(texts[1]);
});
