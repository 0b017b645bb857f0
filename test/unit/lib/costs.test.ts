import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { memoryBlobStore } from '../../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../../services/adapters/memory/memory-table.ts';
import { levels } from '../../../services/domain/access.ts';
import { prefixIn } from '../../fleet/samples/every.ts';
import { npm } from '../../fleet/samples/npm.ts';
import { countUnits, type Units } from '../../kit/count-units.ts';
import { startApp } from '../../kit/start-app.ts';

const readme = readFileSync(join(import.meta.dirname, '../../../lib/README.md'), 'utf8');

/** The units of each request, as the table in the README of `lib` has them. */
const documented = new Map<string, Units>(
  [...readme.matchAll(/^\| (?<what>[^|]+?) +\| (?<read>[\d.]+) +\| (?<write>[\d.]+) +\|$/gm)].map(
    ({ groups }) => [groups?.what ?? '', { read: Number(groups?.read), write: Number(groups?.write) }],
  ),
);

/** Sends each kind of request and counts its units. A member of a subgroup sends them, to a project in it. */
async function countAll(): Promise<Map<string, Units>> {
  const counted = countUnits(memoryTable());
  const blobs = { ...memoryBlobStore(), link: async (key: string) => `https://blobs.example.com/${key}` };
  const app = await startApp({ stores: { table: counted.table, blobs } });
  const subgroup = await app.subgroup('team', 'private');
  const project = await app.project('tools', 'private', subgroup);
  const { token } = await app.user('dev', { level: levels.developer, of: subgroup });
  const units = new Map<string, Units>();
  const send = async (what: string, method: string, path: string, init: object = {}) => {
    counted.take();
    const answer = await app.send(method, path, { token, ...init });
    await answer.arrayBuffer();
    expect([what, answer.status < 400]).toEqual([what, true]);
    units.set(what, counted.take());
  };
  const publish = async (what: string, version: string) => {
    const { method, path, headers, body } = await npm.publish('sample', version);
    await send(what, method, prefixIn(npm, 'project', project.id) + path, { headers, body });
  };
  // The first publish of a process takes ids, which last for many.
  const first = await npm.publish('another', '1.0.0');
  await app.send(first.method, prefixIn(npm, 'project', project.id) + first.path, {
    token,
    headers: first.headers,
    body: first.body,
  });
  await publish('publish of a new name', '1.0.0');
  await publish('publish of a version', '1.1.0');
  for (const [where, prefix] of [
    ['in a project', prefixIn(npm, 'project', project.id)],
    ['in a group', prefixIn(npm, 'group', 'acme')],
  ] as const) {
    // The first read renders the index, and stores it for all processes.
    await send('', 'GET', prefix + (npm.index?.('sample') ?? ''));
    await send(`index of a package, ${where}`, 'GET', prefix + (npm.index?.('sample') ?? ''));
    await send(`file of a package, ${where}`, 'GET', prefix + npm.file('sample', '1.1.0'));
  }
  units.delete('');
  return units;
}

test('requests take as many units of the table as the README says', async () => {
  expect(Object.fromEntries(await countAll())).toEqual(Object.fromEntries(documented));
});

test('the README multiplies the read units of a million installs by their price', () => {
  const read = (what: string) => documented.get(what)?.read ?? Number.NaN;
  const install = read('index of a package, in a project') + read('file of a package, in a project');
  const [, units, price] = /(\d+) read units.{0,80}?(\d+\.\d\d) USD/s.exec(readme) ?? [];
  expect(Number(units)).toBe(install);
  // 0.125 USD for a million units.
  expect(Number(price)).toBeCloseTo(install * 0.125, 2);
});
