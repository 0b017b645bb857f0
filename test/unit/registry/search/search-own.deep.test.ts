import { beforeEach, expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import { levels } from '../../../../services/domain/access.ts';
import type { Principal, User } from '../../../../services/domain/accounts.ts';
import { generic } from '../../../../services/formats/generic/format.ts';
import type { Table } from '../../../../services/ports/table.ts';
import { searchPackages } from '../../../../services/registry/search/search-packages.ts';
import { storePackages } from '../../../kit/many-packages.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;

/** A table that has endless pages of names of the instance before its own: all in a project that does not exist. */
function withNames(own: Table): Table {
  return {
    ...own,
    async query(query) {
      const isWords = query.pk === 'WORD#INSTANCE#generic';
      if (!isWords && query.pk !== 'NAMES#INSTANCE') return own.query(query);
      // The name that is searched for is found by its key in any case.
      if (query.prefix?.includes('#', 'generic#'.length)) return own.query(query);
      const items = Array.from({ length: query.limit ?? 1000 }, (_, number) => {
        const ref = { format: 'generic', name: `bulk-${number}`, projectId: 999, ancestors: [] };
        const sk = isWords ? `tool#bulk-tool-${number}#0000000000000999` : `generic#bulk-${number}#`;
        return { pk: query.pk, sk, ...ref };
      });
      return { items, more: true };
    },
  };
}

beforeEach(async () => {
  app = await startApp({ stores: { table: withNames(memoryTable()) } });
  const mine = await app.project('mine');
  const inGroup = await app.project('below', 'private', await app.subgroup('team', 'private'));
  const others = await app.project('others');
  await storePackages(app.registry, [
    { project: mine, name: 'my-tool' },
    { project: inGroup, name: 'team-tool' },
    { project: inGroup, name: 'team-thing' },
    { project: others, name: 'other-tool' },
  ]);
  await app.runJobs();
});

const search = (user: User, text: string) => {
  const principal = { kind: 'user', user, token: { scopes: ['api'] } } as unknown as Principal;
  return searchPackages(app.registry, { format: generic, within: 'instance', principal }, text);
};

test.each([
  ['tool', ['my-tool', 'team-tool']],
  ['to my', ['my-tool']],
  ['', ['my-tool', 'team-thing', 'team-tool']],
])(
  'a search for "%s" that cannot read all names finds those in the projects of the caller',
  async (text, found) => {
    const { user } = await app.user('dev');
    for (const path of ['/projects/acme%2Fmine', '/groups/acme%2Fteam']) {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ user_id: user.id, access_level: levels.reporter });
      await app.send('POST', `/api/v4${path}/members`, { token: app.rootToken, headers, body });
    }
    const { hits, complete } = await search(user, text);
    expect([complete, hits.map(({ name }) => name)]).toEqual([false, found]);
  },
);

test('a search that cannot read all names finds nothing for a caller without a role', async () => {
  const { user } = await app.user('stranger');
  expect(await search(user, 'tool')).toEqual({ hits: [], complete: false });
});
