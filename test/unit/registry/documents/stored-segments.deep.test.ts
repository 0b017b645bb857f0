import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { plainVersion, publishPlain } from '../../../../bench/packages/plain-versions.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { PackageHead } from '../../../../services/domain/packages.ts';
import { abbreviatedPackument } from '../../../../services/formats/npm/read/packument.ts';
import type { Table, Write } from '../../../../services/ports/table.ts';
import type { Registry } from '../../../../services/registry/context.ts';
import { documentCache, documentText } from '../../../../services/registry/documents/document-cache.ts';
import { BASE, type IndexKind } from '../../../../services/registry/documents/document-kind.ts';
import { FEW_VERSIONS, packageDocument } from '../../../../services/registry/documents/package-document.ts';
import { renderIndex } from '../../../../services/registry/documents/render-index.ts';
import { projectSource } from '../../../../services/registry/documents/source.ts';
import { entityOf } from '../../../../services/registry/records/entities.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { removeVersion } from '../../../../services/registry/removal/remove-version.ts';
import { named } from '../../../kit/names.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

// biome-ignore lint/suspicious/noExplicitAny: an index of any format
type AnyIndex = IndexKind<any>;

const actor = { kind: 'user', id: 1, name: 'root' } as const;
const many = FEW_VERSIONS + 60;

let app: TestApp;
let project: Project;

beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
  for (let minor = 0; minor < many; minor++) await publish(`1.${minor}.0`);
});

function publish(version: string): Promise<void> {
  return publishPlain({ registry: app.registry, project }, plainVersion('npm', version));
}

function remove(version: string): Promise<void> {
  return removeVersion(app.registry, {
    project,
    actor,
    format: 'npm',
    name: named.package('sample'),
    version: named.version(version),
  });
}

async function sourceOf(table: Table) {
  const head = await table.get(
    keys.head({ projectId: project.id, format: 'npm', name: named.package('sample') }),
  );
  if (!head) throw new Error('the package is gone');
  return projectSource(table, entityOf<PackageHead>(head));
}

/** A process with an empty cache, and optional changes to its table. It counts its reads of all versions. */
function newProcess(changes: Partial<Table> = {}, memory = 1e8) {
  const { table } = app.registry;
  const own = { wholeReads: 0 };
  const counting: Table = {
    ...table,
    query(query) {
      if (query.prefix === 'VERSION#') own.wholeReads++;
      return table.query(query);
    },
    ...changes,
  };
  const registry: Registry = { ...app.registry, table: counting, documents: documentCache(memory) };
  return Object.assign(own, {
    async read(kind: AnyIndex = abbreviatedPackument) {
      return documentText(
        await packageDocument(registry, [await sourceOf(counting)], kind, 'https://a.test'),
      );
    },
    async gzip() {
      const source = await sourceOf(counting);
      return (await packageDocument(registry, [source], abbreviatedPackument, 'https://a.test')).gzip();
    },
  });
}

async function expected(): Promise<string> {
  const source = await sourceOf(app.registry.table);
  const contents = await source.read<never>({ versions: 'all', tags: true });
  return (await renderIndex(abbreviatedPackument, contents)).replaceAll(BASE, 'https://a.test');
}

describe('the stored segments of an index', () => {
  test('are updated by another process, which has a different placeholder', async () => {
    await newProcess().read();
    await publish('0.1.0');
    vi.resetModules();
    const { packageDocument: otherDocument } = await import(
      '../../../../services/registry/documents/package-document.ts'
    );
    const { documentCache: otherCache } = await import(
      '../../../../services/registry/documents/document-cache.ts'
    );
    const { abbreviatedPackument: kind } = await import('../../../../services/formats/npm/read/packument.ts');
    const own = newProcess();
    const query = vi.fn(app.registry.table.query);
    const table = { ...app.registry.table, query };
    const registry = { ...app.registry, table, documents: otherCache(1e8) };
    const document = await otherDocument(registry, [await sourceOf(table)], kind, 'https://a.test');
    expect(Buffer.from(await document.identity()).toString()).toBe(await expected());
    expect(query.mock.calls.filter(([{ prefix }]) => prefix === 'VERSION#')).toEqual([]);
    // Its new segment contains its placeholder, and is read with this one.
    await publish('0.1.1');
    expect(await own.read()).toBe(await expected());
    expect(own.wholeReads).toBe(0);
  });

  test.each([0, 1, 2])('remain correct when a process stops after %i of its writes', async (done) => {
    const warm = newProcess();
    await warm.read();
    let writes = 0;
    const stopping = newProcess({
      write(all: readonly Write[]) {
        if (writes++ >= done) throw new Error('stopped');
        // Writes only the first operation of the transaction, which is less than any table promises.
        return app.registry.table.write(all.slice(0, 1));
      },
    });
    await publish('0.1.0');
    await stopping.read();
    expect(app.errors.length).toBeLessThanOrEqual(1);
    const next = newProcess();
    expect(await next.read()).toBe(await expected());
    await publish('0.1.1');
    expect(await warm.read()).toBe(await expected());
    expect(await newProcess().read()).toBe(await expected());
    expect([next.wholeReads, warm.wholeReads]).toEqual([0, 1]);
  });

  test('keep the attribute in which processes of an earlier release find them', async () => {
    await newProcess().read();
    const ref = { projectId: project.id, format: 'npm', name: named.package('sample') };
    const manifest = await app.registry.table.get(
      keys.document(ref, `${abbreviatedPackument.kind}#segments`),
    );
    expect(manifest?.places).toContainEqual([0, expect.any(String)]);
  });

  test('are rebuilt when one that the manifest names is missing', async () => {
    await newProcess().read();
    const ref = { projectId: project.id, format: 'npm', name: named.package('sample') };
    const key = keys.document(ref, `${abbreviatedPackument.kind}#s1`);
    await app.registry.table.write([{ delete: key }]);
    const own = newProcess();
    expect(await own.read()).toBe(await expected());
    expect(own.wholeReads).toBe(1);
    const next = newProcess();
    expect(await next.read()).toBe(await expected());
    expect(next.wholeReads).toBe(0);
  });

  test('are limited in number, however often versions are published and removed', async () => {
    const own = newProcess();
    await own.read();
    const ref = { projectId: project.id, format: 'npm', name: named.package('sample') };
    const stored = async () => {
      const { pk } = keys.head(ref);
      const { items } = await app.registry.table.query({ pk, prefix: 'DOCUMENT#' });
      return items.length;
    };
    const before = await stored();
    for (let round = 0; round < 30; round++) {
      await publish(`2.${round}.0`);
      await own.read();
      await remove(`2.${round}.0`);
      await own.read();
    }
    expect(await stored()).toBeLessThanOrEqual(before + 3);
  });
});

describe('reads of a large package', () => {
  test('by concurrent processes show every version published before, during publishes and removals', async () => {
    const processes = [newProcess(), newProcess(), newProcess()];
    let published = 0;
    const publishing = async (major: number) => {
      for (let minor = 0; minor < 25; minor++) {
        await publish(`${major}.${minor}.0`);
        published++;
        if (minor % 3 === 0) await remove(`1.${major * 25 + minor}.0`);
      }
    };
    let done = false;
    const reading = processes.map(async (own) => {
      while (!done) {
        const before = published;
        const { versions } = JSON.parse(await own.read()) as { versions: Record<string, object> };
        const shown = Object.keys(versions).filter((version) => !version.startsWith('1.'));
        expect(shown.length).toBeGreaterThanOrEqual(before);
        await new Promise(setImmediate);
      }
    });
    await Promise.all([2, 3, 4].map(publishing)).finally(() => {
      done = true;
    });
    await Promise.all(reading);
    for (const own of [...processes, newProcess()]) {
      expect(await own.read()).toBe(await expected());
      expect(gunzipSync(await own.gzip()).toString()).toBe(await expected());
    }
    expect(app.errors).toEqual([]);
  }, 60_000);

  test('show the remaining versions after a hundred were removed concurrently', async () => {
    const own = newProcess();
    await own.read();
    await Promise.all(Array.from({ length: 100 }, (_, minor) => remove(`1.${minor}.0`)));
    expect(await own.read()).toBe(await expected());
    for (let minor = 100; minor < many; minor++) await remove(`1.${minor}.0`);
    expect(await own.read()).toBe('');
  }, 60_000);

  test('render all versions if the index in memory is older than the change log', async () => {
    const own = newProcess();
    await own.read();
    for (let minor = 0; minor < 310; minor++) await publish(`3.${minor}.0`);
    expect(await own.read()).toBe(await expected());
    expect(own.wholeReads).toBe(2);
  }, 60_000);

  test('are correct even if the cache is too small for the index', async () => {
    const own = newProcess({}, 1000);
    expect(await own.read()).toBe(await expected());
    await publish('0.1.0');
    expect(await own.read()).toBe(await expected());
    expect(own.wholeReads).toBe(1);
  });

  test('can contain manifests of 300 KB, which are stored one per segment', async () => {
    const long = 'é'.repeat(20) + Array.from({ length: 40_000 }, (_, index) => index.toString(36)).join('');
    for (let minor = 0; minor < 12; minor++) {
      const plain = plainVersion('npm', `5.${minor}.0`);
      const manifest = JSON.stringify({
        ...JSON.parse((plain.metadata as { manifest: string }).manifest),
        bin: long,
      });
      await publishPlain(
        { registry: app.registry, project },
        { ...plain, metadata: { ...plain.metadata, manifest } },
      );
    }
    const own = newProcess();
    expect(await own.read()).toBe(await expected());
    await publish('5.5.5');
    const next = newProcess();
    expect(await next.read()).toBe(await expected());
    expect(await own.read()).toBe(await expected());
    expect([own.wholeReads, next.wholeReads]).toEqual([1, 0]);
  });
});
