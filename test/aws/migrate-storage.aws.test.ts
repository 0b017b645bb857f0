import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openS3 } from '../../services/adapters/aws/open-s3.ts';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { StagedBlob } from '../../services/domain/packages.ts';
import type { BlobInfo } from '../../services/ports/blob-store.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { createProject } from '../../services/registry/accounts/create-project.ts';
import { ensureRoot } from '../../services/registry/accounts/ensure-root.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { createRegistry } from '../../services/runtime/compose.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { named } from '../kit/names.ts';
import { bytesOf, keeping, listAll, sha256Of } from '../kit/publish.ts';
import { runPackhouse, startPackhouse, startServer, until } from '../kit/run-packhouse.ts';
import { useMinistack } from '../kit/use-ministack.ts';

const token = 'root-token-0123456789';
const FILES_EACH = 25;

describe.skipIf(ministackMissing)(`moving blobs${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  const emulator = useMinistack();

  let data: string;
  let bucket: string;
  /** The digests of files, by their path below a project's generic packages. */
  let files: Map<string, string>;
  /** The contents of some of the files. */
  let contents: string[];
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'packhouse-migrate-'));
    bucket = await emulator.resources.bucket();
    files = new Map();
    contents = [];
  });
  afterEach(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));

  const location = (prefix = '') => `s3://${bucket}${prefix}?endpoint=${emulator.endpoint}&path-style=true`;
  const inBucket = (prefix = '') => [
    ...['--bucket', bucket, '--s3-endpoint', emulator.endpoint, '--s3-path-style', 'true'],
    ...(prefix ? ['--s3-prefix', prefix] : []),
  ];

  /** Fills the data directory with small files. */
  async function fill(count: number): Promise<void> {
    const stores = await openEmbedded(data);
    const registry = createRegistry(stores, { url: 'http://registry.test' });
    const { user } = await ensureRoot(registry, token);
    const group = { name: 'acme', path: 'acme', visibility: 'public', ownerId: user.id } as const;
    const namespace = await createGroup(registry, group);
    const project = await createProject(registry, {
      namespace,
      name: 'tools',
      path: 'tools',
      creatorId: user.id,
    });
    const stage = async (name: string): Promise<StagedBlob> => {
      const content = `${name} ${randomBytes(20).toString('hex')}`;
      files.set(name, sha256Of(content));
      if (contents.length < 500) contents.push(content);
      return (await stageBlob(registry, bytesOf(content), { limit: 1e6 })).blob;
    };
    const publish = async (number: number) => {
      const names = Array.from({ length: FILES_EACH }, (_, index) => `f${index}`);
      const staged = await Promise.all(names.map((name) => stage(`seed/${number}/${name}`)));
      const contentType = 'application/octet-stream';
      await publishVersion(registry, {
        project,
        actor: { kind: 'user', id: user.id, name: 'root' },
        format: keeping,
        name: named.package('seed'),
        version: named.version(String(number)),
        metadata: {},
        files: staged.map((blob, index) => ({ fileName: named.file(names[index] ?? ''), contentType, blob })),
      });
    };
    for (let number = 0; number < count / FILES_EACH; number += 4) {
      await Promise.all([0, 1, 2, 3].map((more) => publish(number + more)));
    }
    await stores.close();
  }

  const address = (url: string, file: string) =>
    `${url}/api/v4/projects/acme%2Ftools/packages/generic/${file}`;

  /**
   * Publishes new and existing bytes, and deletes some of them, until it is stopped, even while the server is down.
   * Acknowledged uploads are added to `files`.
   */
  function publishTo(url: string): { stop(): Promise<void> } {
    let publishing = true;
    const request = async (method: string, file: string, body?: string) => {
      const init = { method, headers: { 'private-token': token }, ...(body !== undefined && { body }) };
      const answer = await fetch(address(url, file), init).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => {});
      if (answer === undefined) await delay(20);
      return answer?.status;
    };
    const run = async (publisher: number) => {
      for (let number = 0; publishing; number++) {
        const file = `load/${publisher}-${number}/a.bin`;
        const known = number % 3 === 0 ? contents[number % contents.length] : undefined;
        const content = known ?? randomBytes(50).toString('hex');
        const published = (await request('PUT', file, content)) === 201;
        if (published && number % 5 > 0) files.set(file, sha256Of(content));
        else if (published) await request('DELETE', file);
      }
    };
    const running = Promise.all([1, 2, 3].map(run));
    return {
      async stop() {
        publishing = false;
        await running;
      },
    };
  }

  /** Reads every file from a server and compares its digest. */
  async function expectAllServed(url: string): Promise<void> {
    const wrong: string[] = [];
    const rest = files[Symbol.iterator]();
    const reader = async () => {
      for (const [file, sha256] of rest) {
        const answer = await fetch(address(url, file), { headers: { 'private-token': token } });
        const bytes = new Uint8Array(await answer.arrayBuffer());
        if (answer.status !== 200 || sha256Of(bytes) !== sha256) wrong.push(`${file}: ${answer.status}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, reader));
    expect(wrong).toEqual([]);
  }

  test('moves 10,000 blobs while packages are published and the server is killed three times', async () => {
    await fill(10_000);
    const serving = ['--data-dir', data, '--root-token', token, ...inBucket(), '--migrate-from', 'local'];
    let server = await startServer([...serving, '--port', '0']);
    const { url } = server;
    const load = publishTo(url);
    const move = startPackhouse(['migrate-storage', '--server', url, '--json'], { PACKHOUSE_TOKEN: token });

    const progress = async () => {
      const headers = { 'private-token': token };
      const answer = await fetch(`${url}/api/v4/admin/storage`, { headers });
      const { migration } = (await answer.json()) as {
        migration: { phase: string; done: { blobs: number } } | null;
      };
      return migration?.phase === 'copying' ? migration.done.blobs : undefined;
    };
    for (const blobs of [1500, 4500, 7500]) {
      await until(async () => ((await progress()) ?? 0) >= blobs || undefined);
      server.kill('SIGKILL');
      expect(await server.ended).toBe('SIGKILL');
      server = await startServer([...serving, '--port', new URL(url).port]);
    }
    expect(await move.ended).toBe(0);
    await load.stop();
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);

    const job = JSON.parse(move.output());
    expect(job).toMatchObject({ state: 'finished', problem_count: 0, total: { blobs: 10_000 } });
    expect(job.copied.blobs).toBeGreaterThan(9_000);
    expect(move.progress()).toContain('responds again');
    expect(files.size).toBeGreaterThan(10_000);

    await rm(join(data, 'blobs'), { recursive: true });
    const only = ['--data-dir', data, ...inBucket()];
    server = await startServer([...only, '--port', '0', '--proxy-download', 'true']);
    await expectAllServed(server.url);
    server.kill('SIGTERM');
    await server.ended;
    const check = await runPackhouse(['doctor', ...only]);
    expect([check.code, check.output]).toEqual([0, expect.stringContaining('No problems.')]);
  }, 600_000);

  test('moves the blobs of a stopped registry to a bucket, to another prefix, and back', async () => {
    await fill(500);
    const records = ['--data-dir', data, '--json'];
    const moves = [
      { from: 'local', to: location(), settings: inBucket() },
      { from: location(), to: location('/deep/er'), settings: inBucket('deep/er') },
      { from: location('/deep/er'), to: 'local', settings: [] },
    ];
    for (const { from, to, settings } of moves) {
      if (to === 'local') await rm(join(data, 'blobs'), { recursive: true });
      const move = await runPackhouse(['migrate-storage', '--from', from, '--to', to, ...records]);
      expect([move.code, JSON.parse(move.output).copied.blobs]).toEqual([0, 500]);
      const check = await runPackhouse(['doctor', '--data-dir', data, '--verify', ...settings]);
      expect([check.code, check.output]).toEqual([0, expect.stringMatching(/verified +500 /)]);
    }
    const server = await startServer(['--data-dir', data, '--port', '0']);
    await expectAllServed(server.url);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  test('completes when the command is repeated after it was killed', async () => {
    await fill(1500);
    const line = ['migrate-storage', '--from', 'local', '--to', location(), '--data-dir', data, '--json'];
    const first = startPackhouse(line);
    await until(async () => ((await bucketCount()) >= 400 ? true : undefined));
    first.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const before = await bucketCount();
    const second = await runPackhouse(line);
    const job = JSON.parse(second.output);
    expect([second.code, job.state, job.total.blobs]).toEqual([0, 'finished', 1500]);
    expect(before).toBeLessThan(1500);
    expect(await bucketCount()).toBe(1500);
  });

  test('reports a damaged blob and moves the rest', async () => {
    await fill(100);
    const stores = await openEmbedded(data);
    const [first] = (await stores.blobs.list()).blobs;
    await stores.close();
    await writeFile(join(data, 'blobs', first?.key ?? ''), 'broken');
    const move = await runPackhouse([
      'migrate-storage',
      '--from',
      'local',
      '--to',
      location(),
      '--data-dir',
      data,
    ]);
    expect([move.code, await bucketCount()]).toEqual([1, 99]);
    expect(move.output).toContain(
      `wrong-digest: stored bytes do not have the digest in their record\n  ${first?.key}\n`,
    );
    expect(move.output).toContain(`start the server with\n  --bucket ${bucket}`);
  });

  test('checks records in DynamoDB and moves their blobs while a server runs', async () => {
    const tables = [
      '--table',
      await emulator.resources.table(),
      '--audit-table',
      await emulator.resources.table(),
    ];
    const records = [...tables, '--aws-endpoint', emulator.endpoint];
    const serving = [...records, '--port', '0', '--root-token', token];
    const store = (prefix: string) => ['--bucket', bucket, '--s3-path-style', 'true', '--s3-prefix', prefix];
    let server = await startServer([...serving, ...store('old')]);
    const init = { method: 'POST', headers: { 'private-token': token } };
    await fetch(`${server.url}/api/v4/groups?name=acme&path=acme`, init);
    await fetch(`${server.url}/api/v4/projects?name=tools&namespace_id=2`, init);
    const load = publishTo(server.url);
    await until(() => (files.size >= 20 ? true : undefined));
    expect((await runPackhouse(['doctor', ...records, ...store('old'), '--verify'])).code).toBe(0);
    await load.stop();
    await stopServer(server);

    server = await startServer([...serving, ...store('new'), '--migrate-from', location('/old')]);
    const again = publishTo(server.url);
    const move = ['migrate-storage', '--from', location('/old'), '--to', location('/new'), ...records];
    const moved = await runPackhouse(move);
    expect([moved.code, moved.output]).toEqual([0, expect.stringContaining('No problems.')]);
    await again.stop();
    await stopServer(server);

    server = await startServer([...serving, ...store('new'), '--proxy-download', 'true']);
    await expectAllServed(server.url);
    const { key } = (await stored('new/'))[0] ?? { key: '' };
    const opened = openS3({ bucket, prefix: 'new/', endpoint: emulator.endpoint, pathStyle: true });
    await opened.blobs.delete([key]);
    opened.close();
    const check = await runPackhouse(['doctor', ...records, ...store('new')]);
    expect([check.code, check.output]).toEqual([
      1,
      expect.stringContaining('missing: the bytes of a record are not in the store'),
    ]);
    await stopServer(server);
  });

  test('prevents the start of a server that would not find all blobs', async () => {
    await fill(100);
    const records = ['--data-dir', data, '--port', '0'];
    const refused = async (...more: string[]) =>
      (await runPackhouse(['serve', ...records, ...more])).progress;
    await stopServer(await startServer(records));
    expect(await refused(...inBucket())).toContain('the blobs are in local');
    await stopServer(await startServer([...records, ...inBucket(), '--migrate-from', 'local']));
    expect(await refused()).toContain('are being moved from local');
    expect(await refused(...inBucket())).toContain('are being moved from local');
    await stopServer(await startServer([...records, '--migrate-from', location()]));
  });

  async function stopServer(server: Awaited<ReturnType<typeof startServer>>): Promise<void> {
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  }

  async function stored(prefix = ''): Promise<BlobInfo[]> {
    const store = openS3({ bucket, prefix, endpoint: emulator.endpoint, pathStyle: true });
    const all = await listAll(store.blobs);
    store.close();
    return all;
  }

  async function bucketCount(): Promise<number> {
    return (await stored()).length;
  }
});
