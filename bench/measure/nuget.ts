import { randomBytes } from 'node:crypto';
import { nupkg, pushForm } from '../../test/kit/nupkg.ts';
import { budgets } from '../budgets.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { cachedIndex, send, timed } from './cached-index.ts';

/** How many versions the package has, how many are pushed concurrently, and their approximate size in bytes. */
const VERSIONS = 500;
const PUSHERS = 8;
const SIZE = 100 * 1024;

const feed = '/api/v4/projects/root%2Fbench/packages/nuget';

const indexes = {
  list: '/download/bench/index.json',
  'registration index': '/metadata-gz/bench/index.json',
  'registration page': '/metadata-gz/bench/page/1.0.0/1.0.63.json',
};

/** The indexes of a package of 500 versions, compared with bare Node; and the rate of pushes. */
export async function nugetIndexes(bench: Workbench): Promise<Row[]> {
  const packhouse = await bench.packhouse();
  const content = randomBytes(SIZE);
  const forms = Array.from({ length: VERSIONS }, (_, index) => {
    const files = [{ path: 'lib/netstandard2.0/Bench.dll', content, stored: true }];
    return pushForm(nupkg({ id: 'Bench', version: `1.0.${index}`, files }));
  });
  const seconds = await timed(forms, PUSHERS, ({ headers, body }) =>
    send(packhouse, `${feed}/`, { method: 'PUT', headers, body: new Uint8Array(body) }),
  );
  const rows: Row[] = [];
  for (const [title, path] of Object.entries(indexes)) {
    const work = `${title} of ${VERSIONS} NuGet versions`;
    rows.push(...(await cachedIndex(bench, { path: feed + path, work, budget: budgets.index })));
  }
  return [
    ...rows,
    { work: `push of 100 KB, ${PUSHERS} in parallel`, unit: '/s', packhouse: VERSIONS / seconds },
  ];
}
