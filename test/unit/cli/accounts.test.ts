import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runCommand } from '../../../services/cli/run-command.ts';
import { personalToken, startApp, type TestApp, URL_BASE } from '../../kit/start-app.ts';

let app: TestApp;
let requests: Request[];
beforeEach(async () => {
  app = await startApp();
  requests = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    requests.push(request);
    return app.app(request, {});
  });
});
afterEach(() => vi.unstubAllGlobals());

interface Options {
  readonly environment?: NodeJS.ProcessEnv;
  /** The width of the terminal; without one, the output goes into a file. */
  readonly columns?: number;
}

async function run(line: readonly string[], { environment = {}, columns }: Options = {}) {
  const printed = { output: '', progress: '' };
  const code = await runCommand(line, {
    environment: { PACKHOUSE_URL: `${URL_BASE}/`, PACKHOUSE_TOKEN: app.rootToken, ...environment },
    output: {
      write: (text) => {
        printed.output += text;
      },
      ...(columns === undefined ? {} : { isTTY: true, columns }),
    },
    progress: {
      write: (text) => {
        printed.progress += text;
      },
    },
    signal: new AbortController().signal,
  });
  return { code, ...printed };
}

/** Runs a line that must succeed; returns its output. */
async function done(line: string, options?: Options): Promise<string> {
  const { code, output, progress } = await run(line.split(' '), options);
  expect([line, code, progress]).toEqual([line, 0, expect.any(String)]);
  return output;
}

const annExists = 'user create ann --email ann@example.com';

describe('users, groups, projects and members', () => {
  test('are created one after the other, and listed', async () => {
    expect(await done(`${annExists} --admin`)).toBe('Created the user ann (id 2).\n');
    expect(await done('group create acme/backend --visibility private')).toMatch(
      /^Created the group acme\/backend \(id \d+\)\.\n$/,
    );
    expect(await done('project create acme/backend/tools')).toBe(
      'Created the project acme/backend/tools (id 1).\n',
    );
    expect(await done('project create mine')).toBe('Created the project root/mine (id 2).\n');
    expect(await done('member add ann --group acme --level maintainer --expires 2100-01-31')).toBe(
      'Added ann to the group acme as maintainer.\n',
    );
    expect(await done('member add ann --project acme/backend/tools --level owner')).toBe(
      'Added ann to the project acme/backend/tools as owner.\n',
    );
    expect(await done('user list')).toBe(
      [
        'ID  USER NAME  NAME  E-MAIL            STATE',
        '1   root       Root  root@example.com  active, admin',
        '2   ann        ann   ann@example.com   active, admin',
        '',
      ].join('\n'),
    );
    expect(await done('group list --search back')).toMatch(
      /^ID +PATH +NAME +VISIBILITY\n\d+ +acme\/backend +backend +private\n$/,
    );
    expect(await done('project list --group acme')).toBe(
      'ID  PATH                NAME   VISIBILITY\n1   acme/backend/tools  tools  private\n',
    );
    expect(await done('member list --group acme/backend')).toBe(
      [
        'ID  USER NAME  NAME  LEVEL       EXPIRES',
        '1   root       Root  owner       never',
        '2   ann        ann   maintainer  2100-01-31',
        '',
      ].join('\n'),
    );
  });

  test('are printed as the API answers with --json', async () => {
    const created = JSON.parse(await done(`${annExists} --name Ann --json`));
    expect(created).toMatchObject({ id: 2, username: 'ann', name: 'Ann', is_admin: false, bot: false });
    const listed = JSON.parse(await done('user list --json'));
    expect(listed.map(({ id }: { id: number }) => id)).toEqual([1, 2]);
    expect(listed[1]).toEqual(created);
    expect(JSON.parse(await done('project list --json'))).toEqual([]);
  });

  test('are listed page by page up to a limit, and the rest is mentioned', async () => {
    const rows = Array.from({ length: 105 }, (_, index) => ({
      ...{ id: index + 1, path_with_namespace: `acme/p${index}`, name: 'x', visibility: 'public' },
    }));
    vi.stubGlobal('fetch', async (url: string) => {
      const { searchParams } = new URL(url);
      const [start, size] = [Number(searchParams.get('id_after')), Number(searchParams.get('per_page'))];
      // As behind a proxy, links start with another address than the one that is used.
      const link = `<https://public.example/api/v4/projects?id_after=${start + size}&per_page=${size}>; rel="next"`;
      const headers = start + size < rows.length ? { link } : undefined;
      return new Response(JSON.stringify(rows.slice(start, start + size)), { ...(headers && { headers }) });
    });
    const few = await run(['project', 'list']);
    expect([few.output.split('\n').length, few.progress]).toEqual([
      102,
      'There are more than 100; raise --limit to see them.\n',
    ]);
    const all = await run(['project', 'list', '--limit', '105']);
    expect([all.output.split('\n').length, all.progress]).toEqual([107, '']);
    expect(new Set(all.output.split('\n')).size).toBe(107);
  });

  test('have long names cut on a narrow terminal, and control characters replaced', async () => {
    const name = `\u001b[2J${'long '.repeat(20)}`;
    await run(['user', 'create', 'ann', '--email', 'ann@example.com', '--name', name]);
    const narrow = (await done('user list', { columns: 80 })).split('\n');
    expect(narrow.every((line) => line.length <= 80)).toBe(true);
    expect(narrow[2]).toMatch(/^2 {3}ann {8} \[2Jlong .*… {2}ann@example\.com {3}active$/);
    expect((await done('user list')).split('\n')[2]).toContain('long '.repeat(20).trim());
  });
});

test('the lines of the documentation set up a team', async () => {
  await app.send('DELETE', '/api/v4/groups/acme', { token: app.rootToken });
  const text = await readFile(join(import.meta.dirname, '../../../docs/administration.md'), 'utf8');
  const lines = [...text.matchAll(/^ {4}packhouse (?<line>(?:user|group|project|member|token) .*)$/gm)];
  const day = new Date(app.clock.now() + 30 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  for (const { groups } of lines) await done((groups?.line ?? '').replace(/\d{4}-\d\d-\d\d/, day));
  expect(lines).toHaveLength(7);
  expect(await done('member list --project acme/tools')).toMatch(/ ann +Ann +developer /);
  expect(await done('token list --project acme/tools --deploy')).toContain(' deploy ');
});

describe('tokens', () => {
  test('of users print the secret alone, which works, and explain it elsewhere', async () => {
    await done(annExists);
    const { code, output, progress } = await run(['token', 'create', 'laptop', '--user', 'ann']);
    expect([code, output]).toEqual([0, expect.stringMatching(/^phat-\w{36}\n$/)]);
    expect(progress).toMatch(
      /^This is the token laptop\. It is not shown again\.\n {2}id +\d+\n {2}scopes +api\n {2}expires +\d{4}-\d\d-\d\d\n$/,
    );
    const token = output.trim();
    const user = await app.send('GET', '/api/v4/user', { token });
    expect(await user.json()).toMatchObject({ username: 'ann' });
    const own = await done('token list', { environment: { PACKHOUSE_TOKEN: token } });
    expect(own).toMatch(/^ID +NAME +SCOPES +EXPIRES +LAST USED\n\d+ +laptop +api +[\d-]+ +\S+\n$/);
    expect(own).not.toContain(token.slice(5));
    expect((await done('token list --user ann')).split('\n')[1]).toMatch(/^\d+ +laptop /);
  });

  test('of projects and groups belong to a bot with a level', async () => {
    await app.project('tools');
    const { progress } = await run(
      'token create ci --project acme/tools --level reporter --scopes read_api,read_user'.split(' '),
    );
    expect(progress).toContain('\n  scopes     read_api, read_user\n  level      reporter\n');
    expect(await done('token list --project acme/tools')).toContain(' ci    read_api,read_user  ');
    const day = new Date(app.clock.now() + 30 * 24 * 3600 * 1000).toISOString().slice(0, 10);
    const json = JSON.parse(await done(`token create ci --group acme --expires ${day} --json`));
    expect(json).toMatchObject({ access_level: 30, expires_at: day, token: expect.any(String) });
    expect(await done('token list --group acme')).toContain(` ${day} `);
  });

  test('to deploy come with their user name', async () => {
    const { output, progress } = await run(['token', 'create', 'dep', '--group', 'acme', '--deploy']);
    expect(output).toMatch(/^phdt-/);
    const name =
      /\n {2}user name {2}(?<name>\S+)\n {2}scopes +read_package_registry\n {2}expires +never\n$/.exec(
        progress,
      )?.groups?.name;
    expect(name).toMatch(/^gitlab\+deploy-token-\d+$/);
    expect(await done('token list --group acme --deploy')).toContain(`  ${name}  `);
  });

  test('that were revoked are listed only with --all', async () => {
    await done(annExists);
    const token = (await done('token create old --user ann')).trim();
    await app.send('DELETE', '/api/v4/personal_access_tokens/self', { token });
    expect(await done('token list --user ann')).not.toContain('old');
    expect(await done('token list --user ann --all')).toContain('old');
  });
});

describe('the token in use', () => {
  test('is read from the environment or a file, and never sent to another host', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'packhouse-accounts-'));
    try {
      const file = join(folder, 'token');
      await writeFile(file, `${app.rootToken}\n`);
      const environment = { PACKHOUSE_TOKEN: 'another' };
      expect(await done(`user list --token-file ${file}`, { environment })).toContain('root');
      await writeFile(file, 'two words\n');
      const { code, progress } = await run(['user', 'list', '--token-file', file]);
      expect([code, progress]).toEqual([2, `packhouse: ${file} must contain a token and nothing else\n`]);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(requests.map(({ redirect }) => redirect)).toEqual(['manual']);
  });

  test.each([
    ['user', 'list'],
    ['token', 'create', 'x'],
    ['migrate-storage', '--server', 'http://x'],
  ])('is refused as a parameter of %s %s', async (...line) => {
    for (const token of [['--token', 'phat-secret'], ['--token=phat-secret']]) {
      const { code, progress } = await run([...line, ...token]);
      expect([code, progress]).toEqual([
        2,
        expect.stringMatching(
          /^packhouse: a token must not be a parameter[^\n]*--token-file or PACKHOUSE_TOKEN\n$/,
        ),
      ]);
      expect(progress).not.toContain('phat-secret');
    }
    expect(requests).toEqual([]);
  });
});

describe('mistakes', () => {
  test.each([
    ['user create', 'the user name is missing: see --help'],
    ['user create ann', '--email is required'],
    ['user create ann bob --email a@example.com', 'unexpected argument bob: see --help'],
    ['user create ann --emial a@example.com', 'unknown option --emial: did you mean --email?'],
    ['user create ann --email', '--email needs a value'],
    ['user create ann --email --json', '--email needs a value'],
    ['user create ann --admin=yes --email a@example.com', '--admin takes no value'],
    ['user list acme', 'unexpected argument acme: see --help'],
    ['user list --limit 0', '--limit must be a number from 1 to 10000'],
    ['user list --url nonsense', 'Invalid settings:\n  --url (PACKHOUSE_URL): Invalid URL'],
    ['user list --token-file /nowhere', "the token can't be read: ENOENT: no such file"],
    ['group create acme//x', 'acme//x is not a path such as acme/backend'],
    ['group create x --visibility secret', '--visibility must be one of private, internal, public'],
    ['member add ann', '--group or --project is required'],
    ['member add ann --group a --project b', 'use --project or --group, not both'],
    ['member add ann --group acme --level admin', '--level must be one of guest, planner, reporter'],
    ['member add ann --group acme --expires 31.1.27', '--expires must be a day such as 2027-01-31'],
    ['token create x', 'one of --user, --project and --group is required'],
    ['token create x --user ann --group acme', 'one of --user, --project and --group is required'],
    ['token create x --user ann --deploy', '--deploy requires --project or --group'],
    ['token create x --user ann --level owner', '--level is for tokens of a project or group'],
    ['token create x --group acme --scopes api,nonsense', '--scopes must be one of api, read_api'],
    ['token create x --group acme --deploy --scopes api', '--scopes must be one of read_repository'],
  ])('in "%s" are explained', async (line, problem) => {
    const { code, output, progress } = await run(line.split(' '));
    expect([code, output]).toEqual([2, '']);
    expect(progress).toMatch(/^packhouse: [^\n]*(?:\n {2}[^\n]*)?\n$/);
    expect(progress).toContain(problem);
    expect(requests).toEqual([]);
  });

  test('in the name of an action are explained with the actions that there are', async () => {
    const { code, progress } = await run(['token', 'craete']);
    expect([code, progress]).toEqual([
      2,
      expect.stringMatching(
        /^packhouse: unknown command token craete: did you mean token create\?\n\nUsage: /,
      ),
    ]);
    expect(await run(['user'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('create  creates'),
    });
  });

  test.each([
    ['user create root --email r@example.com', '409: Username has already been taken'],
    ['group create acme', '400: path has already been taken'],
    ['group create nobody/x', '404: Group Not Found'],
    ['project create nobody/x', '404: Namespace Not Found'],
    ['member add nobody --group acme', '404: User Not Found'],
    ['token create x --group nobody', '404: Group Not Found'],
  ])('in "%s" are refused by the registry', async (line, refusal) => {
    const { code, output, progress } = await run(line.split(' '));
    const expected = `packhouse: ${URL_BASE} responded with status ${refusal}\n`;
    expect([code, output, progress]).toEqual([1, '', expected]);
  });

  test('in a token, its rights, or the address are told apart', async () => {
    const line = annExists.split(' ');
    const unknown = await run(line, { environment: { PACKHOUSE_TOKEN: 'phat-unknown' } });
    expect([unknown.code, unknown.progress]).toEqual([
      1,
      `packhouse: ${URL_BASE} responded with status 401: Unauthorized (the token is unknown, revoked or expired)\n`,
    ]);
    const { user } = await app.user('bob');
    const weak = await run(line, {
      environment: { PACKHOUSE_TOKEN: await personalToken(app.registry, user) },
    });
    expect([weak.code, weak.progress]).toEqual([
      1,
      `packhouse: ${URL_BASE} responded with status 403: Forbidden\n`,
    ]);
    expect(await run(['token', 'create', 'x', '--user', 'nobody'])).toMatchObject({
      code: 1,
      progress: 'packhouse: there is no user nobody\n',
    });
    const none = await run(line, { environment: { PACKHOUSE_TOKEN: '' } });
    expect([none.code, none.progress]).toEqual([2, expect.stringContaining('a token is required')]);
    vi.stubGlobal('fetch', async () => Response.redirect('https://elsewhere.example/', 302));
    expect((await run(line)).progress).toContain('status 302: it redirects to https://elsewhere.example/\n');
    vi.stubGlobal('fetch', async () => new Response('<html>'));
    expect((await run(line)).progress).toContain('does not respond like a Packhouse server\n');
  });
});

const lines = [
  '',
  'serve',
  'setup',
  'doctor',
  'migrate-storage',
  'backup',
  'restore',
  'user',
  'group',
  'project',
  'member',
  'token',
];
const actions = ['user', 'group', 'project', 'token'].flatMap((noun) => [`${noun} create`, `${noun} list`]);

test('the usage of every command fits 80 columns', async () => {
  for (const line of [...lines, ...actions, 'member add', 'member list']) {
    const { code, output } = await run([...line.split(' ').filter(Boolean), '--help']);
    expect([line, code, output.split('\n').filter((each) => each.length > 80)]).toEqual([line, 0, []]);
    expect(output).toMatch(new RegExp(`^Usage: packhouse ${line}.*[^\\n]\\n$`, 's'));
  }
});
