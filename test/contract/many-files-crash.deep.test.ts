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
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import type { Registry } from '../../services/registry/context.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { sweepClaims } from '../../services/registry/maintenance/collect/sweep-claims.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { entityOf, type StoredClaim, type StoredVersion } from '../../services/registry/records/entities.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { createRegistry } from '../../services/runtime/compose.ts';
import { named } from '../kit/names.ts';
import { keeping } from '../kit/publish.ts';
import { startApp } from '../kit/start-app.ts';

const KILLS = 8;
const MINUTE = 60_000;

interface Published {
  readonly name: string;
  readonly version: string;
}

test('a publish in several transactions that is killed stays invisible, leaves no records and can be repeated', {
  timeout: 180_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-'));
  const project = await projectIn(directory);
  const acknowledged: Published[] = [];
  let abandoned = 0;
  for (let run = 0; run < KILLS; run++) {
    acknowledged.push(...(await publishUntilKilled(directory, run, project)));
    const stores = await openEmbedded(directory);
    const clock = { now: () => Date.now() + 2 * MINUTE };
    const registry = createRegistry({ ...stores, clock }, { url: 'http://registry.test' });
    const claims = await claimsIn(registry);
    abandoned += claims.length;
    await expectConsistent(registry, project, acknowledged, claims);
    if (run % 2 === 0) await sweepClaims(registry);
    else for (const claim of claims) acknowledged.push(await repeat(registry, project, claim));
    expect(await claimsIn(registry)).toEqual([]);
    const { problems } = await checkStorage(registry, { verify: false, concurrency: 4 });
    expect(problems.filter(({ kind }) => kind !== 'orphaned')).toEqual([]);
    await expectConsistent(registry, project, acknowledged, []);
    await stores.close();
  }
  expect(abandoned).toBeGreaterThan(0);
  expect(acknowledged.length).toBeGreaterThan(KILLS);
  await rm(directory, { recursive: true });
});

async function projectIn(directory: string): Promise<Project> {
  const stores = await openEmbedded(directory);
  const project = await (await startApp({ stores })).project('tools');
  await stores.close();
  return project;
}

/** Runs the child and kills it at a random moment; returns the versions that were acknowledged to it. */
async function publishUntilKilled(directory: string, run: number, project: Project): Promise<Published[]> {
  const script = join(import.meta.dirname, '../kit/many-files-child.ts');
  const flags = ['--disable-warning=ExperimentalWarning', script, directory, String(run)];
  const child = spawn(process.execPath, [...flags, JSON.stringify(project)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acknowledged: Published[] = [];
  const killAfter = randomInt(1, 8);
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(JSON.parse(line));
    if (acknowledged.length !== killAfter) continue;
    for (let turns = randomInt(2000); turns > 0; turns--) await new Promise(setImmediate);
    child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

async function claimsIn({ table }: Registry): Promise<StoredClaim[]> {
  return (await queryAll(table, ranges.claims())).map((item) => entityOf<StoredClaim>(item));
}

/** Checks that every visible version has all its files, that acknowledged versions are visible and claimed ones not. */
async function expectConsistent(
  { table }: Registry,
  project: Project,
  acknowledged: readonly Published[],
  claims: readonly StoredClaim[],
): Promise<void> {
  const seen = new Set<string>();
  for (const name of ['package-0', 'package-1']) {
    const ref = { projectId: project.id, format: 'generic', name: named.package(name) };
    const items = await queryAll(table, ranges.versions(ref));
    for (const version of items.map((item) => entityOf<StoredVersion>(item))) {
      const files = await queryAll(table, ranges.filesOf(ref, version.version));
      expect(files.every(({ versionId }) => versionId === version.id)).toBe(true);
      if (version.claim) {
        expect(version.status).toBe('processing');
        expect(claims.some(({ id }) => id === version.id)).toBe(true);
        continue;
      }
      expect([name, version.version, files.length]).toEqual([name, version.version, 60]);
      seen.add(`${name} ${version.version}`);
    }
  }
  expect(acknowledged.filter(({ name, version }) => !seen.has(`${name} ${version}`))).toEqual([]);
}

/** Repeats a publish that was killed. */
async function repeat(
  registry: Registry,
  project: Project,
  { name, version }: StoredClaim,
): Promise<Published> {
  const files = Array.from({ length: 60 }, async (_, n) => ({
    fileName: named.file(`file-${n}`),
    contentType: 'text/plain',
    blob: await stageBytes(registry, Buffer.from(`again ${name} ${version} ${n}`)),
  }));
  const actor = { kind: 'user', id: 1, name: 'root' } as const;
  const input = { project, actor, format: keeping, name, version, metadata: {} };
  await publishVersion(registry, { ...input, files: await Promise.all(files) });
  return { name, version };
}
