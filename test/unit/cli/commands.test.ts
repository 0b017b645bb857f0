import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { openEmbedded } from '../../../services/adapters/embedded/open-embedded.ts';
import { TAKEN } from '../../../services/adapters/embedded/queue-rows.ts';
import { ownFlags } from '../../../services/cli/command.ts';
import { runCommand } from '../../../services/cli/run-command.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import type { Sha256 } from '../../../services/domain/digests.ts';
import type { Item } from '../../../services/ports/table.ts';
import { newBlobKey } from '../../../services/registry/blobs/storage-keys.ts';
import { recordHome } from '../../../services/registry/maintenance/migrate/storage-home.ts';
import { versionWrites } from '../../../services/registry/packages/package-writes.ts';
import { entityOf } from '../../../services/registry/records/entities.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { serve } from '../../../services/runtime/server/serve.ts';
import { readSettings } from '../../../services/runtime/server/settings.ts';
import { named } from '../../kit/names.ts';
import { bytesOf, publish, sha256Of } from '../../kit/publish.ts';
import { startApp } from '../../kit/start-app.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-commands-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function run(...line: string[]) {
  const output: string[] = [];
  const progress: string[] = [];
  const code = await runCommand(line, {
    environment: {},
    output: { write: (text) => output.push(text) },
    progress: { write: (text) => progress.push(text) },
    signal: new AbortController().signal,
  });
  return { code, output: output.join(''), progress: progress.join('') };
}

/** Publishes two packages into the data directory; returns the storage keys of their files. */
async function fill() {
  const stores = await openEmbedded(folder);
  const app = await startApp({ stores: { table: stores.table, audit: stores.audit, blobs: stores.blobs } });
  const project = await app.project('tools');
  const published = [];
  for (const name of ['one', 'two']) {
    published.push(await publish(app.registry, project, name, `bytes of ${name}`));
  }
  await recordHome(stores.table, { location: 'local' });
  await stores.close();
  return published.map(({ storageKey }) => storageKey);
}

const doctor = (...flags: string[]) => run('doctor', '--data-dir', folder, ...flags);
const fileOf = (storageKey: string) => join(folder, 'blobs', storageKey);

describe('packhouse', () => {
  test('lists its commands', async () => {
    for (const line of [[], ['--help'], ['help']]) {
      expect(await run(...line)).toMatchObject({ code: 0, output: expect.stringContaining('doctor') });
    }
    expect(await run('nonsense')).toMatchObject({ code: 2, output: '' });
    expect((await run('serv')).progress).toContain('unknown command serv: did you mean serve?');
    expect(await run('constructor')).toMatchObject({ code: 2, output: '' });
  });

  test.each(['--version', '-v', 'version'])('prints its version for %s', async (flag) => {
    expect(await run(flag)).toEqual({ code: 0, output: `packhouse ${manifest.version}\n`, progress: '' });
  });

  test.each(['serve', 'migrate-storage', 'doctor', 'backup', 'restore'])(
    'prints the usage of %s',
    async (name) => {
      expect(await run(name, '--help')).toMatchObject({
        code: 0,
        output: expect.stringMatching(new RegExp(`^Usage: packhouse ${name} `)),
      });
    },
  );

  test.each([
    [['serve', '--port', 'x'], '--port'],
    [['doctor', '--nonsense'], '--nonsense'],
    [['doctor', '--port', '1'], '--port'],
    [['doctor', '--json=yes'], 'takes no value'],
    [['doctor', '--concurrency', '0'], '--concurrency'],
    [['doctor', '--data-dir', '/nowhere/at/all'], 'there is no registry in /nowhere/at/all'],
    [['backup'], 'the directory of the backup is missing'],
    [['backup', 'one', '--verify', 'two'], 'unexpected two'],
    [['backup', '/nowhere/x', '--data-dir', '/nowhere/at/all'], 'there is no registry in /nowhere/at/all'],
    [['backup', '/nowhere/x', '--table', 'one', '--audit-table', 'two', '--bucket', 'b-1'], 'DynamoDB'],
    [['restore', '/nowhere/at/all'], 'there is no backup in /nowhere/at/all'],
    [['restore', '/nowhere/x', '--bucket', 'b'], '--bucket'],
    [['migrate-storage'], '--from and --to are required'],
    [['migrate-storage', '--from', 'local', '--to', 'local'], 'the same storage location'],
    [['migrate-storage', '--from', 'local', '--to', 'ftp://x'], '--to: invalid storage location'],
    [['migrate-storage', '--from'], '--from needs a value'],
    [['migrate-storage', '--server', 'http://127.0.0.1:1'], 'with --token-file'],
    [['migrate-storage', '--server', 'http://x', '--data-dir', 'd'], '--data-dir has no effect'],
  ])('rejects %j with the reason', async (line, message) => {
    const { code, progress } = await run(...line);
    expect([code, progress]).toEqual([2, expect.stringContaining(message)]);
  });

  test('reports a server that does not respond, without a stack trace', async () => {
    const url = 'http://127.0.0.1:1';
    const file = join(folder, 'token');
    await writeFile(file, 'x');
    for (const line of [
      ['migrate-storage', '--server', url],
      ['user', 'list', '--url', url],
    ]) {
      expect(await run(...line, '--token-file', file)).toMatchObject({
        code: 1,
        progress: `packhouse: ${url} does not respond\n`,
      });
    }
  });

  test('accepts flags of a command and settings in any order', () => {
    const options = { verify: { type: 'boolean' }, from: { type: 'string' } } as const;
    const line = ['--data-dir', '--odd', '--from', 'a', '--verify', '--bucket=b', '--from=c'];
    expect(ownFlags(line, options)).toEqual({
      own: { verify: true, from: 'c' },
      settings: ['--data-dir', '--odd', '--bucket=b'],
    });
  });
});

describe('packhouse migrate-storage', () => {
  const move = (...flags: string[]) => run('migrate-storage', '--data-dir', folder, ...flags);

  test('moves blobs to another directory, and prints how to start the server from then on', async () => {
    const storageKeys = await fill();
    const other = join(folder, 'other');
    const to = pathToFileURL(other).href;
    const dry = await move('--from', 'local', '--to', to, '--dry-run');
    expect([dry.code, dry.output]).toEqual([
      0,
      `Nothing was copied. There are:\n  from     local\n  to       ${to}\n  blobs    2 (24 B)\n  to copy  2 (24 B)\nNo problems.\n`,
    ]);
    const { code, output } = await move('--from', 'local', '--to', to);
    expect([code, output]).toEqual([0, expect.stringContaining(`\n  copied         2 (24 B)\n`)]);
    expect(output).toMatch(
      /No problems\.\n\nFrom now on, start the server with\n {2}--blob-dir .*\/other\n$/,
    );
    for (const key of storageKeys) expect(existsSync(join(other, 'blobs', key))).toBe(true);
    expect((await doctor()).progress).toContain(`the blobs are in ${to}, not in local`);
    await rm(join(folder, 'blobs'), { recursive: true });
    expect((await doctor('--blob-dir', other, '--verify')).code).toBe(0);
  });

  test('does not create the directory of a missing source', async () => {
    await fill();
    const missing = pathToFileURL(join(folder, 'missing')).href;
    const { code, progress } = await move('--from', missing, '--to', 'local');
    expect([code, progress]).toEqual([2, expect.stringContaining('contains no blobs')]);
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  test('names the storage location that cannot be reached', async () => {
    await fill();
    const to = 's3://packages?endpoint=http://127.0.0.1:1&path-style=true';
    const environment = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const { code, progress } = await move('--from', 'local', '--to', to);
    expect([code, progress]).toEqual([
      1,
      expect.stringMatching(/^packhouse: s3:\/\/packages\?endpoint=http:\/\/127\.0\.0\.1:1 can't be read: /),
    ]);
  });
});

describe('packhouse doctor', () => {
  test('changes neither unfinished uploads nor messages that are being processed', async () => {
    await fill();
    const unfinished = join(folder, 'uploads', randomUUID());
    await writeFile(unfinished, 'half');
    const database = () => new DatabaseSync(join(folder, 'packhouse.db'));
    const messages = 'SELECT * FROM messages ORDER BY id';
    const other = database();
    other.exec(`INSERT INTO messages (queue, body, visible_at) VALUES ('audit', '{}', ${TAKEN})`);
    const before = other.prepare(messages).all();
    other.close();
    expect((await doctor('--verify')).code).toBe(0);
    expect(existsSync(unfinished)).toBe(true);
    const after = database();
    expect(after.prepare(messages).all()).toEqual(before);
    after.close();
  });

  test('does not create a mistyped directory', async () => {
    await fill();
    const mistyped = join(folder, 'typo');
    const { code, progress } = await doctor('--blob-dir', mistyped);
    expect([code, progress]).toEqual([2, expect.stringContaining('the blobs are in local')]);
    const stores = await openEmbedded(folder);
    await stores.table.write([{ delete: keys.storage() }]);
    await stores.close();
    const unclaimed = await doctor('--blob-dir', mistyped);
    expect([unclaimed.code, unclaimed.progress]).toEqual([2, expect.stringContaining('contains no blobs')]);
    expect(existsSync(mistyped)).toBe(false);
  });

  test('reports no problems in an intact registry', async () => {
    await fill();
    const { code, output } = await doctor('--verify');
    expect(code).toBe(0);
    expect(output).toBe(
      [
        'Checked local:',
        '  versions  2',
        '  files     2',
        '  records   2 (24 B)',
        '  stored    2 (24 B)',
        '  verified  2 (24 B)',
        'No problems.',
        '',
      ].join('\n'),
    );
  });

  test('reports missing blobs, wrong sizes and orphaned blobs, and names the files', async () => {
    const [one = '', two = ''] = await fill();
    await rm(fileOf(one));
    await writeFile(fileOf(two), 'short');
    const stores = await openEmbedded(folder);
    const orphan = newBlobKey();
    await stores.blobs.put(orphan, bytesOf('orphan'));
    await utimes(fileOf(orphan), 0, 0);
    await stores.close();
    const { code, output } = await doctor();
    expect(code).toBe(1);
    for (const lines of [
      `  ${one}\n    12 bytes\n    sha256 ${sha256Of('bytes of one')}\n    acme/tools: generic one 1 a.bin\n`,
      `  ${two}\n    5 bytes, not 12\n`,
      `  ${orphan}\n    6 bytes\n`,
    ]) {
      expect(output).toContain(lines);
    }
    const counts = ['missing     1', 'wrong-size  1', 'orphaned    1'];
    expect(output).toMatch(new RegExp(`\nProblems: 3\n  ${counts.join('\n  ')}\n$`));
    const { problems } = JSON.parse((await doctor('--json')).output);
    expect(problems.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      'missing',
      'orphaned',
      'wrong-size',
    ]);
  });

  test('reports metadata that a format cannot read, in text and in JSON', async () => {
    await fill();
    const stores = await openEmbedded(folder);
    const project = entityOf<Project>((await stores.table.get(keys.project(1))) as Item);
    const facts = {
      projectId: project.id,
      format: 'pypi',
      name: named.package('tool'),
      creatorId: 1,
      createdAt: 0,
      updatedAt: 0,
    };
    const damaged = {
      ...facts,
      id: 100,
      version: named.version('1.0'),
      status: 'default',
      metadata: {},
    } as const;
    for (const version of [damaged, { ...damaged, id: 101, version: named.version('2.0'), layout: 9 }]) {
      await stores.table.write(versionWrites(project, version, false));
    }
    await stores.close();
    const text = await doctor();
    expect(text.code).toBe(1);
    expect(text.output).toContain(
      '\nunreadable-metadata: metadata is damaged, or a newer version of Packhouse wrote it;',
    );
    expect(text.output).toMatch(/ {2}acme\/tools: pypi tool 1\.0\n {4}displayName: [^\n]*; and \d+ more\n/);
    expect(text.output).toMatch(/ {2}acme\/tools: pypi tool 2\.0\n {4}unknown layout 9;/);
    expect(text.output).toMatch(/\nProblems: 2\n {2}unreadable-metadata {2}2\n$/);
    const json = await doctor('--json');
    expect(json.code).toBe(1);
    const about = { kind: 'unreadable-metadata', project: 'acme/tools', format: 'pypi', package: 'tool' };
    expect(JSON.parse(json.output)).toMatchObject({
      versions: 4,
      problems: [
        { ...about, version: '1.0', detail: expect.stringContaining('displayName: ') },
        { ...about, version: '2.0', detail: expect.stringContaining('unknown layout 9') },
      ],
    });
  });

  test('reads the bytes only with --verify', async () => {
    const [one = ''] = await fill();
    await writeFile(fileOf(one), 'BYTES of one');
    expect((await doctor()).code).toBe(0);
    const verified = await doctor('--verify');
    expect([verified.code, verified.output]).toEqual([1, expect.stringContaining('wrong-digest')]);
  });

  test('reports a wrong count of references', async () => {
    await fill();
    const stores = await openEmbedded(folder);
    const [page] = await Promise.all(
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'].map((digit) =>
        stores.table.query({ index: 'index1', pk: `STORED#${digit}` }),
      ),
    ).then((pages) => pages.filter(({ items }) => items.length > 0));
    await stores.table.update(keys.blob(page?.items[0]?.sha256 as Sha256), { add: { refs: 1 } });
    await stores.close();
    const { code, output } = await doctor();
    expect([code, output]).toEqual([1, expect.stringContaining('counts 2, there are 1')]);
  });

  test('changes no stored files', async () => {
    const [one = ''] = await fill();
    await rm(fileOf(one));
    const before = await readdir(join(folder, 'blobs'), { recursive: true });
    await doctor();
    expect(await readdir(join(folder, 'blobs'), { recursive: true })).toEqual(before);
  });

  test('refuses a storage location other than that of the blobs', async () => {
    await fill();
    const { code, progress } = await doctor('--bucket', 'packages', '--region', 'eu-west-1');
    expect([code, progress]).toEqual([2, expect.stringContaining('the blobs are in local')]);
  });

  test('refuses a data directory that is in use by a server', async () => {
    const settings = readSettings(['--port', '0', '--data-dir', folder, '--log', 'silent'], {});
    const serving = await serve(settings, () => {});
    const { code, progress } = await doctor();
    await serving.stop();
    expect([code, progress]).toEqual([2, expect.stringContaining('in use by a server: stop it')]);
  });
});
