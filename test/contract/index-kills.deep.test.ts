import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { readState } from '../../services/registry/indexes/build-index.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { sweepBlobs } from '../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { purgeDue } from '../../services/registry/removal/purge.ts';
import { createRegistry } from '../../services/runtime/compose.ts';
import { fakeClock } from '../kit/fake-clock.ts';
import type { Acknowledged } from '../kit/index-child.ts';
import { startApp } from '../kit/start-app.ts';
import { anotherProcess, toyPackages } from '../kit/toy-index.ts';

const KILLS = 12;
const HOUR = 3600_000;
const url = 'http://registry.test';

test('an index is complete after each kill of its builder, lists every acknowledged change and leaks nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-index-'));
  const project = await makeProject(directory);
  const expected = new Set<string>();
  const doubtful = new Set<string>();
  let unfinished = 0;
  // More than a lease later than anything the children did.
  const clock = fakeClock(Date.now() + HOUR);
  for (let run = 0; run < KILLS; run++) {
    for (const { change, version } of await changeUntilKilled(directory, run, project)) {
      if (change === 'published') expected.add(version);
      else expected.delete(version);
      // A change in progress at the kill may have been made without being acknowledged.
      doubtful.add(version);
    }
    const stores = await openEmbedded(directory);
    const registry = anotherProcess(createRegistry({ ...stores, clock }, { url }), stores.seal);
    const toys = toyPackages(registry, project);
    const state = await readState(registry, toys.ref);
    if (state && (state.built?.revision ?? 0) < state.item.revision) unfinished++;
    const listed = await toys.listed();
    for (const version of expected) {
      if (!listed.includes(version)) expect([...lastOf(doubtful)]).toContain(version);
    }
    for (const version of listed) {
      if (!expected.has(version)) expect(version).toMatch(new RegExp(` ${run}\\.`));
      expected.add(version);
    }
    for (const version of [...expected]) if (!listed.includes(version)) expected.delete(version);
    await toys.release();
    await stores.close();
    clock.advance(HOUR);
  }
  expect(unfinished).toBeGreaterThan(0);
  expect(expected.size).toBeGreaterThan(KILLS);
  await expectNoLeak(directory, clock);
  await rm(directory, { recursive: true });
});

/** The versions that were changed last: one of each loop may have been removed without acknowledgement. */
function* lastOf(versions: ReadonlySet<string>): Generator<string> {
  const all = [...versions];
  for (const loop of ['app1 ', 'app2 ']) {
    const last = all.findLast((version) => version.startsWith(loop));
    if (last !== undefined) yield last;
  }
}

async function makeProject(directory: string): Promise<Project> {
  const stores = await openEmbedded(directory);
  const app = await startApp({ stores });
  const project = await app.project('tools');
  await stores.close();
  return project;
}

/** Runs the child and kills it at a random moment; returns the changes that were acknowledged to it. */
async function changeUntilKilled(directory: string, run: number, project: Project): Promise<Acknowledged[]> {
  const script = join(import.meta.dirname, '../kit/index-child.ts');
  const flags = [
    '--disable-warning=ExperimentalWarning',
    script,
    directory,
    String(run),
    JSON.stringify(project),
  ];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged: Acknowledged[] = [];
  const killAfter = randomInt(1, 40);
  const late = setTimeout(() => child.kill('SIGTERM'), 60_000);
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(JSON.parse(line));
    if (acknowledged.length !== killAfter) continue;
    for (let turns = randomInt(300); turns > 0; turns--) await new Promise(setImmediate);
    child.kill('SIGKILL');
  }
  clearTimeout(late);
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

/** Purges and sweeps everything that is due, and checks that something refers to all stored bytes. */
async function expectNoLeak(directory: string, clock: ReturnType<typeof fakeClock>): Promise<void> {
  const stores = await openEmbedded(directory);
  const registry = createRegistry({ ...stores, clock }, { url });
  clock.advance(365 * 24 * HOUR);
  await purgeDue(registry);
  clock.advance(10 * 24 * HOUR);
  await sweepBlobs(registry);
  await sweepOrphans(registry);
  const { problems, stored, records } = await checkStorage(registry, { verify: true, concurrency: 4 });
  expect(problems).toEqual([]);
  expect(stored).toEqual(records);
  await stores.close();
}
