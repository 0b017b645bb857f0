import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { type Budget, budgets } from '../budgets.ts';
import type { Row } from '../report.ts';
import { appWithPackage } from './app-with-package.ts';
import { recordCalls, sequentialTrips } from './record-calls.ts';

/** How often a request waits for the table, and its other calls of the stores: counted in this process, so always the same. */
export async function trips(): Promise<Row[]> {
  const recorder = recordCalls();
  const inner = memoryBlobStore();
  const { app, token, name, url, publish } = await appWithPackage(2, {
    table: recorder.table('table', memoryTable()),
    audit: recorder.table('audit', memoryTable()),
    blobs: recorder.blobs({ ...inner, link: async (key) => `https://blobs.example.com/${key}` }),
  });

  async function rowOf(work: string, request: () => Promise<void>, budget?: Budget): Promise<Row> {
    recorder.take();
    await request();
    const calls = recorder.take();
    const blobs = calls.filter(({ store }) => store === 'blobs').length;
    const packhouse = sequentialTrips(calls.filter(({ store }) => store !== 'blobs'));
    const counted = `${work} (${calls.length - blobs} table calls, ${blobs} blob calls)`;
    return {
      work: counted,
      unit: 'trips',
      packhouse,
      itself: packhouse + 100 * blobs,
      ...(budget && { budget }),
    };
  }

  const get = (path: string) => async () => {
    const headers = { authorization: `Bearer ${token}` };
    await (await app(new Request(`http://bench.test${path}`, { headers }), {})).arrayBuffer();
  };
  const group = `/api/v4/groups/acme/-/packages/npm/${name}`;
  const tarball = `${url}/-/${name}-1.0.0.tgz`;
  for (const path of [url, group, tarball]) await get(path)();
  return [
    await rowOf('packument in a project', get(url), budgets.projectTrips),
    await rowOf('packument in a group', get(group), budgets.groupTrips),
    await rowOf('tarball in a project', get(tarball), budgets.projectTrips),
    await rowOf('publish', () => publish('1.0.2')),
    await rowOf('first packument after it', get(url)),
  ];
}
