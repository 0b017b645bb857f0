import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../../services/domain/access.ts';
import {
  type AccessToken,
  anonymous,
  type Principal,
  type Project,
  type User,
} from '../../../../services/domain/accounts.ts';
import { listNames, type NameList } from '../../../../services/registry/search/list-names.ts';
import { publish, unpublish } from '../../../kit/publish.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
let tools: Project;
let deep: Project;
let secret: Project;
beforeEach(async () => {
  app = await startApp();
  const team = await app.subgroup('team');
  tools = await app.project('tools', 'public');
  deep = await app.project('deep', 'public', team);
  secret = await app.project('secret', 'private', team);
});

async function namesIn(within: NameList['within'], principal: Principal = anonymous, id = 'generic') {
  const pages: (readonly string[])[] = [];
  for await (const page of listNames(app.registry, { format: { id }, within, principal })) pages.push(page);
  return pages.flat();
}

/** A user with a token for everything that the user may read. */
function principalOf(user: User): Principal {
  const token: AccessToken = {
    id: 1,
    kind: 'personal',
    userId: user.id,
    resourceId: null,
    name: 'test',
    description: '',
    scopes: ['read_api'],
    createdAt: 0,
    expiresAt: null,
    revoked: false,
    lastUsedAt: null,
  };
  return { kind: 'user', user, token };
}

describe('the package names of a format', () => {
  test('are listed once each and in order at every level', async () => {
    for (const name of ['b', 'a', 'c.d']) await publish(app.registry, tools, name, name);
    for (const name of ['b', 'e%#']) await publish(app.registry, deep, name, `other ${name}`);
    expect(await namesIn({ project: tools })).toEqual(['a', 'b', 'c.d']);
    expect(await namesIn({ group: app.group })).toEqual(['a', 'b', 'c.d', 'e%#']);
    const [team] = deep.ancestors.slice(-1);
    expect(await namesIn({ group: { ...app.group, id: team ?? 0, ancestors: [app.group.id] } })).toEqual([
      'b',
      'e%#',
    ]);
    expect(await namesIn('instance')).toEqual(['a', 'b', 'c.d', 'e%#']);
    expect(await namesIn('instance', anonymous, 'npm')).toEqual([]);
  });

  test('include only those that the caller may pull', async () => {
    await publish(app.registry, secret, 'hidden', 'x');
    await publish(app.registry, secret, 'shared', 'x');
    await publish(app.registry, tools, 'shared', 'y');
    const { user: member } = await app.user('member', { level: levels.reporter, of: secret });
    const { user: guest } = await app.user('guest', { level: levels.guest, of: secret });
    expect(await namesIn('instance')).toEqual(['shared']);
    expect(await namesIn({ group: app.group }, principalOf(guest))).toEqual(['shared']);
    expect(await namesIn({ group: app.group }, principalOf(member))).toEqual(['hidden', 'shared']);
  });

  test('are no longer listed after the last version of the name is deleted', async () => {
    await publish(app.registry, tools, 'a', 'x');
    await publish(app.registry, deep, 'a', 'x');
    await unpublish(app.registry, tools, 'a');
    expect(await namesIn('instance')).toEqual(['a']);
    await unpublish(app.registry, deep, 'a');
    expect(await namesIn('instance')).toEqual([]);
  });

  test('are listed in pages', async () => {
    const limited = {
      ...app.registry,
      table: { ...app.registry.table, query: limitedTo(2) },
    };
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await publish(app.registry, tools, name, name);
      await publish(app.registry, deep, name, name);
    }
    const pages: (readonly string[])[] = [];
    const list = { format: { id: 'generic' }, within: 'instance', principal: anonymous } as const;
    for await (const page of listNames(limited, list)) pages.push(page);
    expect(pages).toEqual([['a'], ['b'], ['c'], ['d'], ['e']]);
  });

  function limitedTo(limit: number): TestApp['registry']['table']['query'] {
    return (query) => app.registry.table.query({ ...query, limit });
  }
});
