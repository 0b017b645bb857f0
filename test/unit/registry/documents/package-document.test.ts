import { describe, expect, test, vi } from 'vitest';
import { plainVersion, publishPlain } from '../../../../bench/packages/plain-versions.ts';
import type { PackageHead } from '../../../../services/domain/packages.ts';
import { abbreviatedPackument } from '../../../../services/formats/npm/read/packument.ts';
import { jsonPage } from '../../../../services/formats/pypi/read/simple-page.ts';
import type { Key, Table } from '../../../../services/ports/table.ts';
import { documentCache, documentText } from '../../../../services/registry/documents/document-cache.ts';
import { BASE } from '../../../../services/registry/documents/document-kind.ts';
import { packageDocument } from '../../../../services/registry/documents/package-document.ts';
import { projectSource, type Sources } from '../../../../services/registry/documents/source.ts';
import { documentKey } from '../../../../services/registry/documents/stored-documents.ts';
import { entityOf } from '../../../../services/registry/records/entities.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { named } from '../../../kit/names.ts';
import { startPypi } from '../../../kit/pypi-registry.ts';
import { wheel } from '../../../kit/python-package.ts';
import { startApp } from '../../../kit/start-app.ts';

test('an index that one process has stored is sent by another with its own address', async () => {
  const pypi = await startPypi();
  await pypi.upload(wheel());
  const [file] = (await pypi.page()).files;
  const ref = { projectId: pypi.tools.id, format: 'pypi', name: named.package('sample') };
  const item = await pypi.registry.table.get(keys.head(ref));
  if (!item || !file) throw new Error('nothing is there');
  vi.resetModules();
  const other = await import('../../../../services/registry/documents/package-document.ts');
  const { BASE: otherBase } = await import('../../../../services/registry/documents/document-kind.ts');
  expect(otherBase).not.toBe(BASE);
  const fragment = vi.fn(jsonPage.fragment);
  const document = await other.packageDocument(
    { ...pypi.registry, documents: documentCache(1e6) },
    [projectSource(pypi.registry.table, entityOf<PackageHead>(item))],
    { ...jsonPage, fragment },
    'https://other.test/$&',
  );
  const page = JSON.parse(await documentText(document)) as { files: { url: string }[] };
  expect(page.files[0]?.url).toBe(`https://other.test/$&${file.url.slice(file.url.indexOf('/files/'))}`);
  expect(fragment).not.toHaveBeenCalled();
});

describe('an index of several projects', () => {
  async function threeProjects() {
    const app = await startApp();
    const projects = [await app.project('one'), await app.project('two'), await app.project('three')];
    for (const [index, project] of projects.entries()) {
      await publishPlain({ registry: app.registry, project }, plainVersion('npm', `${index + 1}.0.0`));
    }
    const sourcesOf = async (table: Table, ...indexes: number[]) => {
      const ids = indexes.flatMap((index) => projects[index]?.id ?? []);
      const heads = await table.getMany(
        ids.map((projectId) => keys.head({ projectId, format: 'npm', name: named.package('sample') })),
      );
      return heads.flatMap((head) =>
        head ? [projectSource(table, entityOf<PackageHead>(head))] : [],
      ) as unknown as Sources;
    };
    return { ...app, projects, sourcesOf };
  }

  /** Reads an index in a separate process: its versions, how many fragments were rendered, and the queries. */
  async function otherProcess(
    { registry, sourcesOf }: Awaited<ReturnType<typeof threeProjects>>,
    ...indexes: number[]
  ) {
    const queries: string[] = [];
    const table: Table = {
      ...registry.table,
      query(query) {
        queries.push(query.prefix ?? '');
        return registry.table.query(query);
      },
    };
    const fragment = vi.fn(abbreviatedPackument.fragment);
    const own = { ...registry, table, documents: documentCache(1e6) };
    const kind = { ...abbreviatedPackument, fragment };
    const document = await packageDocument(own, await sourcesOf(table, ...indexes), kind, 'https://a.test');
    const text = await documentText(document);
    return {
      text,
      versions: Object.keys(JSON.parse(text).versions),
      rendered: fragment.mock.calls.length,
      queries,
    };
  }

  test('is not rendered again by another process, which reads no versions either', async () => {
    const app = await threeProjects();
    const first = await otherProcess(app, 0, 1);
    expect(first).toMatchObject({ versions: ['1.0.0', '2.0.0'], rendered: 2 });
    expect(await otherProcess(app, 0, 1)).toEqual({ ...first, rendered: 0, queries: [] });
  });

  test('is rendered again after one of them changes', async () => {
    const app = await threeProjects();
    await otherProcess(app, 0, 1);
    const [, project] = app.projects;
    if (!project) throw new Error('no second project');
    await publishPlain({ registry: app.registry, project }, plainVersion('npm', '4.0.0'));
    const changed = await otherProcess(app, 0, 1);
    expect(changed).toMatchObject({ versions: ['1.0.0', '2.0.0', '4.0.0'], rendered: 3 });
    expect(await otherProcess(app, 0, 1)).toMatchObject({ rendered: 0 });
  });

  test('contains only its own projects, even if several indexes share a key in the table', async () => {
    const app = await threeProjects();
    const lists = [
      [0, 1],
      [1, 2],
      [0, 2],
      [0, 1, 2],
      [1, 0],
    ];
    const shared = { ...app, registry: { ...app.registry, table: withOneKey(app.registry.table) } };
    for (const process of [app, shared, shared]) {
      for (const list of lists) {
        const { versions } = await otherProcess(process, ...list);
        expect(versions).toEqual(list.map((index) => `${index + 1}.0.0`).sort());
      }
    }
  });

  test('is kept for a week, under a limited number of keys', async () => {
    const { registry, ...app } = await threeProjects();
    const item = await registry.table.get(await storedKey());
    expect(item?.expiresAt).toBe(Math.floor(registry.clock.now() / 1000) + 7 * 24 * 3600);

    async function storedKey() {
      await otherProcess({ registry, ...app }, 0, 1);
      return documentKey(await app.sourcesOf(registry.table, 0, 1), abbreviatedPackument.kind);
    }
    const sortKeys = new Set<string>();
    const [one] = await app.sourcesOf(registry.table, 0);
    for (let id = 0; id < 5000; id++) {
      sortKeys.add(documentKey([one, { ...one, id: String(id) }], 'kind').sk);
    }
    expect(sortKeys.size).toBeLessThanOrEqual(256);
  });

  /** A table that stores the indexes of all lists of sources under the same key. */
  function withOneKey(inner: Table): Table {
    const mapped = <K extends Key>(key: K): K =>
      key.pk.startsWith('MERGED#') ? { ...key, sk: key.sk.replace(/#\d+$/, '#0') } : key;
    return {
      ...inner,
      get: (key) => inner.get(mapped(key)),
      getMany: (all) => inner.getMany(all.map(mapped)),
      write: (all) =>
        inner.write(all.map((each) => ('put' in each ? { ...each, put: mapped(each.put) } : each))),
    };
  }
});
