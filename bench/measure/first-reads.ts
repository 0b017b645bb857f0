import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { App } from '../../services/http/call.ts';
import { systemClock } from '../../services/ports/clock.ts';
import type { Table } from '../../services/ports/table.ts';
import { createApp, createRegistry } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { startApp } from '../../test/kit/start-app.ts';
import { budgets } from '../budgets.ts';
import { type PlainVersion, plainVersions, publishPlain } from '../packages/plain-versions.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { median } from './median.ts';

/** How many versions a package has; costs are compared with those of the first. */
const SIZES = [100, 10_000] as const;

/** How many versions are published concurrently before anything is measured. */
const CONCURRENCY = 50;

/** How often each is measured, and read before that to warm up. */
const ROUNDS = 21;
const WARM_UP = 4;

/** Publishes with a read after each: first all warm ones, so that they do not pay for garbage of the cold ones. */
const MEASURED = 2 * (WARM_UP + ROUNDS);

/** The cost of a read: processor time in microseconds, and items read from the table. */
interface Cost {
  readonly cpu: number;
  readonly items: number;
}

/** An index, and how clients request it. */
interface Index {
  readonly title: string;
  readonly format: string;
  readonly path: string;
  readonly accept?: string;
}

const indexes: readonly Index[] = [
  { title: 'packument, full', format: 'npm', path: '/sample' },
  {
    title: 'packument, abbreviated',
    format: 'npm',
    path: '/sample',
    accept: 'application/vnd.npm.install-v1+json',
  },
  {
    title: 'simple page, JSON',
    format: 'pypi',
    path: '/simple/sample/',
    accept: 'application/vnd.pypi.simple.v1+json',
  },
  { title: 'simple page, HTML', format: 'pypi', path: '/simple/sample/', accept: 'text/html' },
  { title: 'maven-metadata.xml', format: 'maven', path: '/com/example/sample/maven-metadata.xml' },
  { title: 'NuGet version list', format: 'nuget', path: '/download/sample/index.json' },
  { title: 'NuGet registration', format: 'nuget', path: '/metadata/sample/index.json' },
];

/**
 * The cost of the first read of an index after one more publish, by the number of versions: in a process that has read
 * the index before (warm), and in one that has nothing in memory (cold) and finds in the table what was stored before
 * the publish. Everything runs in this process, over SQLite on the disk, with gzip as clients accept it.
 */
export async function firstReads(bench: Pick<Workbench, 'directory'>): Promise<Row[]> {
  const costs = new Map<number, readonly Costs[]>();
  for (const size of SIZES)
    costs.set(size, await costsAt(size, join(bench.directory, `first-reads-${size}`)));
  const [few] = SIZES;
  return (['warm', 'cold'] as const).flatMap((process) =>
    indexes.flatMap(({ title }, index) =>
      SIZES.map((size): Row => {
        const cost = costs.get(size)?.[index]?.[process] ?? NOTHING;
        const least = costs.get(few)?.[index]?.[process] ?? NOTHING;
        const itself = Math.max(cost.cpu / least.cpu, cost.items / least.items);
        const work = `first ${title} of ${size.toLocaleString('en-US')}, ${process}: ${cost.items} items read`;
        const hasBudget = process === 'warm' && size !== few;
        return {
          work,
          unit: 'µs',
          packhouse: cost.cpu,
          itself,
          ...(hasBudget && { budget: budgets.firstRead }),
        };
      }),
    ),
  );
}

interface Costs {
  readonly warm: Cost;
  readonly cold: Cost;
}

const NOTHING: Cost = { cpu: Number.NaN, items: Number.NaN };

async function costsAt(size: number, directory: string): Promise<Costs[]> {
  await mkdir(directory, { recursive: true });
  const embedded = await openEmbedded(directory);
  try {
    const counted = countItems(embedded.table);
    const stores = { table: counted.table, audit: embedded.audit, clock: systemClock };
    const app = await startApp({ stores });
    const owner = { registry: app.registry, project: await app.project('bench') };
    const own = { ...app, owner, published: new Map<string, number>(), taken: counted.take };
    const costs: Costs[] = [];
    for (const index of indexes) costs.push(await costsOf(index, size, own));
    return costs;
  } finally {
    await embedded.close();
  }
}

interface Bench {
  readonly app: App;
  readonly rootToken: string;
  readonly owner: Parameters<typeof publishPlain>[0];
  /** How many versions of each format there are. */
  readonly published: Map<string, number>;
  taken(): number;
}

async function costsOf(index: Index, size: number, bench: Bench): Promise<Costs> {
  const { app, owner } = bench;
  // Indexes of one format share a package, to which each adds further versions.
  const start = bench.published.get(index.format) ?? 0;
  const versions = plainVersions(index.format, Math.max(size, start) + MEASURED).slice(start);
  bench.published.set(index.format, start + versions.length);
  while (versions.length > MEASURED) {
    await Promise.all(versions.splice(0, Math.min(CONCURRENCY, versions.length - MEASURED)).map(publish));
  }
  await read(index, app, bench);
  const found = { warm: [] as Cost[], cold: [] as Cost[] };
  for (const [round, version] of versions.entries()) {
    await publish(version);
    const process = round < versions.length / 2 ? 'warm' : 'cold';
    const reader =
      process === 'warm' ? app : createApp(createRegistry(owner.registry, owner.registry.settings), parts);
    const cost = await read(index, reader, bench);
    if (round % (versions.length / 2) >= WARM_UP) found[process].push(cost);
  }
  return { warm: middle(found.warm), cold: middle(found.cold) };

  function publish(version: PlainVersion): Promise<void> {
    return publishPlain(owner, version);
  }
}

async function read({ format, path, accept }: Index, app: App, bench: Bench): Promise<Cost> {
  const url = `http://bench.test/api/v4/projects/${bench.owner.project.id}/packages/${format}${path}`;
  const headers = {
    authorization: `Bearer ${bench.rootToken}`,
    'accept-encoding': 'gzip',
    ...(accept && { accept }),
  };
  bench.taken();
  const start = process.cpuUsage();
  const answer = await app(new Request(url, { headers }), {});
  await answer.arrayBuffer();
  const { user, system } = process.cpuUsage(start);
  if (!answer.ok) throw new Error(`${url} returned ${answer.status}`);
  return { cpu: user + system, items: bench.taken() };
}

const parts = { formats: allFormats, api: () => new Response(null, { status: 404 }) };

function middle(costs: readonly Cost[]): Cost {
  return { cpu: median(costs.map(({ cpu }) => cpu)), items: median(costs.map(({ items }) => items)) };
}

/** A table that counts the items it returns. */
function countItems(inner: Table) {
  let items = 0;
  const table: Table = {
    ...inner,
    async get(key) {
      const item = await inner.get(key);
      items += item ? 1 : 0;
      return item;
    },
    async getMany(keys) {
      const found = await inner.getMany(keys);
      items += found.filter((item) => item).length;
      return found;
    },
    async query(query) {
      const page = await inner.query(query);
      items += page.items.length;
      return page;
    },
  };
  return {
    table,
    take() {
      const taken = items;
      items = 0;
      return taken;
    },
  };
}
