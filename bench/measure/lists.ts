import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { ownUnlessOwned } from '../../services/registry/names/settle-owner.ts';
import { namesOwnersOf } from '../../services/registry/packages/package-writes.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { nameWords } from '../../services/registry/search/search-words.ts';
import { type CountedTable, countReads } from '../../test/kit/count-reads.ts';
import { type StoredPackage, storePackages } from '../../test/kit/many-packages.ts';
import { named } from '../../test/kit/names.ts';
import { startApp, type TestApp } from '../../test/kit/start-app.ts';
import { budgets } from '../budgets.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { median } from './median.ts';

/** How often each request is made. */
const TIMES = 7;

/** The time of a request in milliseconds, and the items that it reads from the table. */
interface Cost {
  readonly time: number;
  readonly items: number;
}

/**
 * What requests cost as an instance grows, in this process over SQLite: lists and searches by the number of names,
 * names by the number of projects that hold them. The bound judges the growth of the items that are read.
 */
export async function lists({ options, directory }: Workbench): Promise<Row[]> {
  const names = options.large ? [100, 10_000, 100_000] : [100, 2000];
  const projects = options.large ? [10, 2000] : [10, 200];
  return [
    ...growthRows('names', await costsOf(directory, names, costsByNames)),
    ...growthRows('projects', await costsOf(directory, projects, costsByProjects)),
  ];
}

type Measure = (app: TestApp, table: CountedTable, size: number) => Promise<Map<string, Cost>>;

async function costsOf(directory: string, sizes: readonly number[], measure: Measure) {
  const found: { readonly size: number; readonly costs: Map<string, Cost> }[] = [];
  for (const size of sizes) {
    const home = await mkdtemp(join(directory, 'lists-'));
    const stores = await openEmbedded(home);
    const table = countReads(stores.table);
    const app = await startApp({ stores: { ...stores, table: table.table } });
    found.push({ size, costs: await measure(app, table, size) });
    await stores.close();
    await rm(home, { recursive: true });
  }
  return found;
}

async function costsByNames(app: TestApp, table: CountedTable, size: number): Promise<Map<string, Cost>> {
  const project = await app.project('bench', 'public');
  const packages = Array.from({ length: size }, (_, n) => ({ project, name: `tool-${n}`, format: 'npm' }));
  await storePackages(app.registry, packages);
  await storeWords(app, packages);
  const list = `/api/v4/projects/${project.id}/packages`;
  return costsOfRequests(app, table, {
    'packages by number': `${list}?per_page=20`,
    'packages by position': `${list}?per_page=20&pagination=keyset&order_by=name`,
    'packages of a group by position': '/api/v4/groups/acme/packages?per_page=20&pagination=keyset',
    'packages by a part of the name': `${list}?package_name=tool-77&per_page=20`,
    'search for a name': `/api/v4/packages/npm/-/v1/search?text=tool-${size - 1}`,
  });
}

async function costsByProjects(app: TestApp, table: CountedTable, size: number): Promise<Map<string, Cost>> {
  const projects: Project[] = [];
  for (let n = 0; n < size; n++) projects.push(await app.project(`bench-${n}`, 'public'));
  const packages = projects.map((project, n) => ({ project, name: 'tool', version: `1.${n}` }));
  await storePackages(app.registry, packages);
  const name = named.package('tool');
  await ownUnlessOwned(app.registry, { format: 'generic', name, rootId: app.group.id });
  return costsOfRequests(app, table, {
    'version of a group': `/api/v4/groups/acme/-/packages/generic/tool/1.${size - 1}/a.txt`,
    'version of the instance': `/api/v4/packages/generic/tool/1.${size - 1}/a.txt`,
    'projects by position': '/api/v4/projects?per_page=20&pagination=keyset&order_by=id',
    'packages of a group by position': '/api/v4/groups/acme/packages?per_page=20&pagination=keyset',
    'packages of a group by name': '/api/v4/groups/acme/packages?per_page=20&pagination=keyset&order_by=name',
  });
}

/** Writes the words of names, as the job does. */
async function storeWords(
  app: TestApp,
  packages: readonly Required<Pick<StoredPackage, 'project' | 'name' | 'format'>>[],
) {
  const puts = packages.flatMap(({ project, name, format }) => {
    const ref = { projectId: project.id, format, name: named.package(name) };
    return namesOwnersOf(ref, app.group.id).flatMap((owner) =>
      nameWords(name).map((word) => ({ put: { ...keys.word(owner, word, ref) } })),
    );
  });
  for (let start = 0; start < puts.length; start += 100) {
    await app.registry.table.write(puts.slice(start, start + 100));
  }
}

async function costsOfRequests(app: TestApp, table: CountedTable, paths: Readonly<Record<string, string>>) {
  const costs = new Map<string, Cost>();
  for (const [work, path] of Object.entries(paths)) {
    const times: number[] = [];
    let items = 0;
    for (let round = 0; round < TIMES; round++) {
      table.take();
      const began = performance.now();
      await (await app.send('GET', path, { token: app.rootToken })).arrayBuffer();
      times.push(performance.now() - began);
      items = table.take();
    }
    costs.set(work, { time: median(times), items });
  }
  return costs;
}

/** One row for each size, the later ones judged by the items they read for each item that the first one reads. */
function growthRows(unit: string, found: Awaited<ReturnType<typeof costsOf>>): Row[] {
  const [first] = found;
  return [...(first?.costs.keys() ?? [])].flatMap((work) =>
    found.map(({ size, costs }): Row => {
      const { time = Number.NaN, items = Number.NaN } = costs.get(work) ?? {};
      const itself = items / (first?.costs.get(work)?.items ?? Number.NaN);
      const title = `${work}, ${size} ${unit} (${items} items)`;
      const judged = size !== first?.size && isBounded(work);
      return {
        work: title,
        unit: 'ms',
        packhouse: time,
        itself,
        ...(judged && { budget: budgets.listGrowth }),
      };
    }),
  );
}

/** Pages by number count up to 10,001 rows, and a part of a name is looked for in all names. */
function isBounded(work: string): boolean {
  return !work.includes('by number') && !work.includes('part of the name');
}
