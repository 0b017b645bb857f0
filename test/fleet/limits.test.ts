import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { named } from '../kit/names.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatOf, formatsWith } from './samples/every.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

/** One file, as many as fit into one transaction, and more. */
const counts = [1, 20, 25, 60];

describe.each(everySample)('the first publish of a $id package', (sample) => {
  let app: TestApp;
  let project: Project;
  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    project = await app.project('tools');
  });

  test.each(counts)(
    'accepts %i files with the maximum number of tags, a long readme and a name of many words',
    async (count) => {
      const { registry } = app;
      const name = named.package(Array.from({ length: 40 }, (_, n) => `word${n}`).join('-'));
      const version = named.version('1.0.0');
      const files = await Promise.all(
        Array.from({ length: count }, async (_, n) => ({
          fileName: named.file(`${n}.bin`),
          contentType: 'text/plain',
          blob: await stageBytes(registry, Buffer.from(`${sample.id} ${n}`)),
        })),
      );
      await publishVersion<object>(registry, {
        ...{ project, actor, format: formatOf(sample), name, version, metadata: {}, files },
        tags: Array.from({ length: 10 }, (_, n) => named.tag(`tag-${n}`)),
        readme: 'read me '.repeat(25_000),
      });
      const ref = { projectId: project.id, format: sample.id, name };
      expect(await registry.table.get(keys.head(ref))).toMatchObject({ live: true, versionCount: 1 });
      expect(await registry.table.get(keys.version(ref, version))).toMatchObject({ status: 'default' });
      expect(await queryAll(registry.table, ranges.filesOf(ref, version))).toHaveLength(count);
      const tags = formatOf(sample).defaultTag ? 11 : 10;
      expect(await queryAll(registry.table, ranges.tags(ref))).toHaveLength(tags);
      // The format can't read the metadata, so only files and blobs are checked.
      const withoutFormats = { ...registry, formats: async () => [] };
      expect((await checkStorage(withoutFormats, { verify: true, concurrency: 4 })).problems).toEqual([]);
    },
  );
});
