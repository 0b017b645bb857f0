import { randomBytes } from 'node:crypto';
import { wheel } from '../../test/kit/python-package.ts';
import { budgets } from '../budgets.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { cachedIndex, send, timed } from './cached-index.ts';

/** How many versions the project has, how many are uploaded concurrently, and their approximate size in bytes. */
const VERSIONS = 500;
const UPLOADERS = 8;
const SIZE = 100 * 1024;

const index = '/api/v4/projects/root%2Fbench/packages/pypi';

/** The page of a project of 500 versions in both forms, compared with bare Node; and the rate of uploads. */
export async function pypiPages(bench: Workbench): Promise<Row[]> {
  const packhouse = await bench.packhouse();
  const code = randomBytes(SIZE / 2).toString('hex');
  const forms = Array.from({ length: VERSIONS }, (_, minor) =>
    formOf({ name: 'bench', version: `1.${minor}`, code }),
  );
  const seconds = await timed(forms, UPLOADERS, (body) => send(packhouse, index, { method: 'POST', body }));
  const title = `simple page of ${VERSIONS}`;
  const path = `${index}/simple/bench/`;
  const json = { accept: 'application/vnd.pypi.simple.v1+json' };
  const budget = budgets.index;
  return [
    ...(await cachedIndex(bench, { path, headers: json, work: `${title}, JSON`, budget })),
    ...(await cachedIndex(bench, {
      path,
      headers: { accept: 'text/html' },
      work: `${title}, HTML`,
      budget,
    })),
    { work: `upload of a wheel, ${UPLOADERS} in parallel`, unit: '/s', packhouse: VERSIONS / seconds },
  ];
}

/** The form of an upload as twine fills it in. */
function formOf({ name, version, code }: { name: string; version: string; code: string }): FormData {
  const { fileName, bytes } = wheel({ name, version, files: { 'bench/data.py': `DATA = '${code}'\n` } });
  const form = new FormData();
  const fields = { ':action': 'file_upload', protocol_version: '1', name, version, filetype: 'bdist_wheel' };
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('content', new Blob([bytes]), fileName);
  return form;
}
