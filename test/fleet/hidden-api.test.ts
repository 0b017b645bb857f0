import { beforeAll, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../services/api/app.ts';
import { levels } from '../../services/domain/access.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import {
  accessToken,
  addMember,
  deployToken,
  personalToken,
  startApp,
  type TestApp,
} from '../kit/start-app.ts';

/** An id that nothing has. */
const ABSENT = 987_654_321;

/** Ids of things that the callers may not see, and of things of the same kinds that they may see. */
interface World {
  readonly app: TestApp;
  readonly hidden: Readonly<
    Record<'group' | 'project' | 'token' | 'package' | 'file' | 'bot' | 'person', number>
  >;
  readonly visible: Readonly<Record<'group' | 'project' | 'package', number>>;
  /** The callers' credentials by what they are. */
  readonly callers: Readonly<Record<string, Record<string, string>>>;
  /** What each caller got from each list before the hidden things were created. */
  readonly listsBefore: readonly string[];
}

let world: World;
beforeAll(async () => {
  const app = await startApp();
  const { registry } = app;
  const open = await app.project('open', 'public');
  const { user: stranger, token } = await app.user('stranger', { level: levels.owner, of: open });
  const publish = async (project: string) => {
    const path = `/api/v4/projects/${project}/packages/generic/tool/1.0.0/tool.txt`;
    expect((await app.send('PUT', path, { token: app.rootToken, body: project })).status).toBe(201);
    const packages = await app.send('GET', `/api/v4/projects/${project}/packages`, { token: app.rootToken });
    const [{ id }] = (await packages.json()) as [{ id: number }];
    const files = await app.send('GET', `/api/v4/projects/${project}/packages/${id}/package_files`, {
      token: app.rootToken,
    });
    return { id, file: ((await files.json()) as { id: number }[])[0]?.id ?? 0 };
  };
  const visiblePackage = await publish('acme%2Fopen');
  const { secret: deploy } = await deployToken(registry, open, ['read_package_registry']);
  const { secret: bot } = await accessToken(registry, open, levels.maintainer);
  const callers = {
    'an anonymous caller': {},
    'a user': { 'private-token': token },
    'a user with read_api': { 'private-token': await personalToken(registry, stranger, ['read_api']) },
    'a user with read_package_registry': {
      'private-token': await personalToken(registry, stranger, ['read_package_registry']),
    },
    'a deploy token of another project': { 'deploy-token': deploy },
    'a bot of another project': { 'private-token': bot },
  };
  const listsBefore = await lists(app, callers, open.id);
  const group = await createGroup(registry, {
    name: 'Secret',
    path: 'secret',
    visibility: 'private',
    ownerId: app.root.id,
  });
  // What a suggestion for the path "secret" would have to avoid.
  await createGroup(registry, { name: 'S', path: 'secret1', visibility: 'private', ownerId: app.root.id });
  const below = await app.subgroup('below', 'private');
  await app.project('vault', 'private', below);
  await app.project('vault', 'private');
  const project = await app.project('vault', 'private', group);
  const hiddenPackage = await publish('secret%2Fvault');
  await publish('acme%2Fvault');
  const issued = await accessToken(registry, project, levels.maintainer);
  const { user: person } = await app.user('person');
  await addMember(registry, person, project);
  world = {
    app,
    hidden: {
      group: group.id,
      project: project.id,
      token: issued.token.id,
      package: hiddenPackage.id,
      file: hiddenPackage.file,
      bot: issued.token.userId,
      person: person.id,
    },
    visible: { group: app.group.id, project: open.id, package: visiblePackage.id },
    callers,
    listsBefore,
  };
});

const fields = {
  name: 'x',
  path: 'x',
  user_id: 1,
  access_level: levels.developer,
  scopes: ['read_api'],
  title: 'x',
};
const bodies = [undefined, '{}', '{', JSON.stringify(fields)];

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
}

async function ask(headers: Record<string, string>, { method, path, body }: Asked): Promise<string> {
  const answer = await world.app.send(method, `/api/v4${path}`, {
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    body,
  });
  return textOf(answer);
}

/** The whole answer as a text, without what differs between any two requests. */
async function textOf(answer: Response): Promise<string> {
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id');
  return JSON.stringify([answer.status, headers, await answer.text()]);
}

/** Expects the same answers for something hidden as for something absent, apart from the id itself. */
async function expectSame(
  method: string,
  pathFor: (id: number | string) => string,
  hidden: number | string,
  absent: number | string,
  bodyFor?: (id: number | string) => string,
): Promise<void> {
  const bodiesFor = (id: number | string) =>
    bodyFor ? [bodyFor(id)] : method === 'GET' ? [undefined] : bodies;
  for (const [who, headers] of Object.entries(world.callers)) {
    for (const [index] of bodiesFor(hidden).entries()) {
      const answers = [];
      for (const id of [hidden, absent]) {
        const asked = { method, path: pathFor(id), body: bodiesFor(id)[index] };
        const shown = decodeURIComponent(String(id)).replace('@', '%40');
        answers.push(
          (await ask(headers, asked)).replaceAll(new RegExp(`(?<!\\w)${shown}(?!\\w)`, 'g'), 'THE-ID'),
        );
      }
      expect([who, answers[0]]).toEqual([who, answers[1]]);
    }
  }
}

/** What stands in the place of a parameter below a hidden project or group. */
function valueFor(name: string): string {
  const { hidden } = world;
  const values: Record<string, number | string> = {
    user_id: hidden.person,
    token_id: hidden.token,
    package_id: hidden.package,
    file_id: hidden.file,
  };
  const value = values[name];
  if (value === undefined) throw new Error(`the test has no value for :${name}`);
  return String(value);
}

function fill(path: string, values: Record<string, string | number>): string {
  return path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) =>
    String(values[name] ?? valueFor(name)),
  );
}

const unique = [...new Map(apiRoutes.map((route) => [`${route.method} ${route.path}`, route])).entries()];
const routes = unique.map(([title, route]) => ({ title, ...route }));
const ofOwner = routes.filter(({ path }) => /^\/(projects|groups|namespaces)\/:/.test(path));

describe('a hidden project or group is answered as an absent one', () => {
  test.for(ofOwner)('at $title', async ({ method, path }) => {
    const kind = path.startsWith('/projects') ? 'project' : 'group';
    const name = path.includes('/:path/') ? 'path' : 'id';
    const paths = kind === 'project' ? ['secret%2Fvault', 'absent%2Fvault'] : ['secret', 'absent'];
    const pathFor = (id: number | string) => fill(path, { [name]: id });
    await expectSame(method, pathFor, world.hidden[kind], ABSENT);
    await expectSame(method, pathFor, paths[0] ?? '', paths[1] ?? '');
  });
});

describe('what belongs to a hidden project is answered as what is absent', () => {
  const inner = ofOwner.filter(({ path }) => /:(token|package|file)_id/.test(path));
  test.for(inner)('at $title, below another project or group', async ({ method, path }) => {
    const { hidden, visible } = world;
    const owner = path.startsWith('/projects') ? visible.project : visible.group;
    for (const [name, kind] of [
      ['token_id', 'token'],
      ['package_id', 'package'],
      ['file_id', 'file'],
    ] as const) {
      if (!path.includes(`:${name}`)) continue;
      const own = name === 'file_id' ? { package_id: visible.package } : {};
      await expectSame(method, (id) => fill(path, { id: owner, ...own, [name]: id }), hidden[kind], ABSENT);
    }
  });

  const others = routes.filter(
    ({ path }) => path.includes(':') && !ofOwner.some((each) => each.path === path),
  );
  test.for(others)('at $title', async ({ method, path }) => {
    const isToken = path.includes(':token_id');
    const hidden = isToken ? world.hidden.token : world.hidden.bot;
    await expectSame(method, (id) => fill(path, { id, user_id: id, token_id: id, path: id }), hidden, ABSENT);
  });

  test('when an anonymous caller requests a user without anything public', async () => {
    const answer = async (id: number | string) =>
      (await ask({}, { method: 'GET', path: `/users/${id}/projects` })).replaceAll(
        `/users/${id}/`,
        '/users/-/',
      );
    expect(await answer('person')).toBe(await answer('nobody'));
    expect(await answer(world.hidden.person)).toBe(await answer(ABSENT));
  });
});

describe('a hidden thing named by a parameter is answered as an absent one', () => {
  const group = () => world.hidden.group;
  const named = {
    'a group above a new group': () =>
      expectSame(
        'POST',
        () => '/groups',
        group(),
        ABSENT,
        (id) => JSON.stringify({ ...fields, parent_id: id }),
      ),
    'the namespace of a new project': () =>
      expectSame(
        'POST',
        () => '/projects',
        group(),
        ABSENT,
        (id) => JSON.stringify({ ...fields, namespace_id: id }),
      ),
    'the group above a path': () =>
      expectSame('GET', (id) => `/namespaces/vault/exists?parent_id=${id}`, group(), ABSENT),
    'the path below a visible group': () =>
      expectSame(
        'GET',
        (path) => `/namespaces/${path}/exists?parent_id=${world.visible.group}`,
        'vault',
        'nothing',
      ),
    'the owner of tokens': () =>
      expectSame('GET', (id) => `/personal_access_tokens?user_id=${id}`, world.hidden.person, ABSENT),
    'the name of a bot': () =>
      expectSame(
        'GET',
        (name) => `/users?username=${name}`,
        `project_${world.hidden.project}_bot_${world.hidden.bot}`,
        'nobody',
      ),
    'an e-mail address': () =>
      expectSame('GET', (address) => `/users?search=${address}`, 'person@example.com', 'nobody@example.com'),
    'a path in a search': () => expectSame('GET', (text) => `/groups?search=${text}`, 'secret', 'absent'),
    'a name in a list of packages': () =>
      expectSame(
        'GET',
        (name) => `/groups/${world.visible.group}/packages?package_name=${name}`,
        'vault',
        'nothing',
      ),
  };
  test.for(Object.entries(named))('as %s', ([, check]) => check());
});

/** What every caller gets from every list, below what all of them may see. */
async function lists(app: TestApp, callers: World['callers'], project: number): Promise<string[]> {
  const paths = routes
    .filter(({ method, path }) => method === 'GET' && !/:(?!id\b)/.test(path))
    .filter(({ path }) => !path.startsWith('/users') && path !== '/namespaces')
    .map(({ path }) => path.replace(':id', String(path.startsWith('/projects') ? project : app.group.id)));
  const found = [];
  for (const [who, headers] of Object.entries(callers)) {
    for (const path of paths) {
      const answer = await app.send('GET', `/api/v4${path}`, { headers });
      found.push(`${who} ${path} ${await textOf(answer)}`);
    }
  }
  return found;
}

test('lists and their totals do not change when something hidden is added', async () => {
  const { app, callers, visible, listsBefore } = world;
  expect(listsBefore.length).toBeGreaterThan(100);
  expect(await lists(app, callers, visible.project)).toEqual(listsBefore);
});

test('lists of users have no bots of hidden projects, except for administrators', async () => {
  const { app, callers, hidden } = world;
  const name = `project_${hidden.project}_bot_`;
  for (const headers of Object.values(callers)) {
    const answer = await app.send('GET', '/api/v4/users?per_page=100', { headers });
    expect(await answer.text()).not.toContain(name);
  }
  const answer = await app.send('GET', '/api/v4/users?per_page=100', { token: app.rootToken });
  expect(await answer.text()).toContain(name);
});
