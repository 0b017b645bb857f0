import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { named } from '../../kit/names.ts';
import { npmPrefix } from '../../kit/npm-package.ts';
import { type NpmApp, startNpm } from '../../kit/npm-registry.ts';
import { deployToken } from '../../kit/start-app.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

interface Where {
  readonly prefix?: string;
  readonly token?: string;
  readonly more?: string;
}

async function search(text: string, options: Where = {}) {
  const found = await objects(text, options);
  return typeof found === 'number' ? found : found.map((object) => object.package.name);
}

async function versionsFound(text: string, options: Where) {
  const found = await objects(text, options);
  return typeof found === 'number' ? found : found.map((object) => object.package.version);
}

async function objects(text: string, options: Where) {
  const { prefix = npm.base, more = '' } = options;
  await npm.runJobs();
  const response = await npm.send('GET', `${prefix}/-/v1/search?text=${encodeURIComponent(text)}${more}`, {
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  if (response.status !== 200) return response.status;
  const { objects } = (await response.json()) as {
    objects: { package: { name: string; version: string } }[];
  };
  return objects;
}

describe('search', () => {
  test('finds names by the start of their words, best first', async () => {
    for (const name of ['@acme/parser', 'parse', '@acme/http-parser', 'sparse', '@parse/x', 'other']) {
      await npm.publish({ name });
    }
    expect(await search('parse')).toEqual(['parse', '@acme/parser', '@acme/http-parser', '@parse/x']);
    expect(await search('PARSER')).toEqual(['@acme/parser', '@acme/http-parser']);
    expect(await search('http parse')).toEqual(['@acme/http-parser']);
    expect(await search('@acme')).toEqual(['@acme/http-parser', '@acme/parser']);
    expect(await search('@acme/http-pa')).toEqual(['@acme/http-parser']);
    expect(await search('nothing')).toEqual([]);
    expect((await search('')).toString().split(',')).toHaveLength(6);
  });

  test('by qualifiers finds, counts and pages the packages that meet all of them', async () => {
    const made = (keywords: string[], more = {}) => ({ fields: { keywords, ...more } });
    await npm.publish({
      name: '@acme/fast',
      version: '1.0.0',
      ...made(['json', 'Fast'], { author: 'Ann Lee' }),
    });
    await npm.publish({
      name: '@acme/slow',
      version: '0.9.0',
      ...made(['json'], { author: { name: 'Bob' } }),
    });
    await npm.publish({ name: 'other', version: '2.0.0', ...made(['xml']) });
    for (const [text, expected] of [
      ['keywords:json', ['@acme/fast', '@acme/slow']],
      ['keywords:json+fast', ['@acme/fast']],
      ['keywords:fast,xml', ['@acme/fast', 'other']],
      ['keywords:json,-fast', ['@acme/slow']],
      ['slow keywords:json', ['@acme/slow']],
      ['author:"ann lee"', ['@acme/fast']],
      ['author:bob', ['@acme/slow']],
      ['maintainer:root not:unstable', ['@acme/fast', 'other']],
      ['is:unstable', ['@acme/slow']],
      ['is:insecure', []],
      ['not:insecure scope:@acme', ['@acme/fast', '@acme/slow']],
      ['not:deprecated', []],
      ['scope:acm', []],
      ['keywords:', []],
      ['colour:red', []],
      ['boost-exact:false other', ['other']],
      [Array(21).fill('not:insecure').join(' '), []],
    ] as const) {
      expect([text, await search(text)]).toEqual([text, expected]);
    }
    expect(await search('keywords:json', { more: '&size=1&from=1' })).toEqual(['@acme/slow']);
    const answer = await npm.send('GET', `${npm.base}/-/v1/search?text=keywords:json&size=1`);
    expect(await answer.json()).toMatchObject({ total: 2 });
  });

  test('describes a version as the project that published it first does', async () => {
    const first = await npm.project('first', 'public');
    const describing = (description: string) => ({ fields: { description } });
    await npm.publish({ name: 'shared', version: '0.9.0' });
    npm.clock.advance(1000);
    await npm.publish({ name: 'shared', version: '1.0.0', to: first, ...describing('the first') });
    npm.clock.advance(1000);
    await npm.publish({ name: 'shared', version: '1.0.0', ...describing('another') });
    await npm.runJobs();
    const answer = await npm.send('GET', `${npmPrefix.group('acme')}/-/v1/search?text=shared`);
    const { objects } = (await answer.json()) as { objects: { package: object }[] };
    expect(objects).toMatchObject([{ package: { version: '1.0.0', description: 'the first' } }]);
  });

  test('returns the fields that npm shows', async () => {
    await npm.publish({
      fields: {
        description: 'A tool',
        keywords: ['a', 'b'],
        homepage: 'https://acme.test',
        repository: { type: 'git', url: 'git+https://acme.test/tool.git' },
      },
    });
    await npm.publish({ version: '2.0.0-beta.1', tag: 'beta' });
    await npm.runJobs();
    const response = await npm.send('GET', `${npm.base}/-/v1/search?text=tool&size=20&from=0&quality=0.65`);
    const date = new Date(npm.clock.now()).toISOString();
    expect(await response.json()).toEqual({
      objects: [
        {
          package: {
            name: '@acme/tool',
            scope: 'acme',
            version: '1.0.0',
            description: 'A tool',
            keywords: ['a', 'b'],
            date,
            links: { homepage: 'https://acme.test', repository: 'git+https://acme.test/tool.git' },
            publisher: { username: 'root', email: '' },
            maintainers: [{ username: 'root', email: '' }],
          },
          score: { final: 1, detail: { quality: 1, popularity: 1, maintenance: 1 } },
          searchScore: 1,
          updated: date,
        },
      ],
      total: 1,
      time: date,
    });
  });

  test('shows the highest version of a package that was published before `latest` was stored', async () => {
    await npm.publish({ tag: 'old' });
    await npm.publish({ version: '1.1.0', tag: 'new' });
    const ref = { projectId: npm.tools.id, format: 'npm', name: named.package('@acme/tool') };
    await npm.registry.table.write([{ delete: keys.tag(ref, named.tag('latest')) }]);
    await npm.runJobs();
    const response = await npm.send('GET', `${npm.base}/-/v1/search?text=tool`);
    expect(await response.json()).toMatchObject({ objects: [{ package: { version: '1.1.0' } }] });
  });

  test('returns pages', async () => {
    for (const name of ['tool-a', 'tool-b', 'tool-c']) await npm.publish({ name });
    expect(await search('tool', { more: '&size=2' })).toEqual(['tool-a', 'tool-b']);
    expect(await search('tool', { more: '&size=2&from=2' })).toEqual(['tool-c']);
    expect(await search('tool', { more: '&size=x' })).toBe(400);
    expect(await search('tool', { more: '&size=0' })).toEqual([]);
  });

  test('shows a name once at group and instance level, from projects that the caller may read', async () => {
    const inner = await npm.subgroup('inner');
    const open = await npm.project('open', 'public', inner);
    await npm.publish({ name: 'tool', fields: { description: 'private' } });
    await npm.publish({ name: 'tool', fields: { description: 'public' }, to: open });
    await npm.publish({ name: 'tool-open', to: open });
    await npm.publish({ name: 'tool-open', version: '2.0.0' });
    await npm.publish({ name: 'tool-open', version: '2.0.0', to: open });
    await npm.publish({ name: 'tool-secret' });
    const { token: stranger } = await npm.user('stranger');
    const { token: reporter } = await npm.user('reporter', { level: levels.reporter, of: npm.tools });
    const deploy = await deployToken(npm.registry, npm.tools, ['read_package_registry']);
    const everything = ['tool', 'tool-open', 'tool-secret'];
    for (const prefix of [npmPrefix.group('acme'), npmPrefix.instance]) {
      expect(await search('tool', { prefix })).toEqual(everything);
      expect(await search('tool', { prefix, token: reporter })).toEqual(everything);
      expect(await search('tool', { prefix, token: deploy.secret })).toEqual(everything);
      // What a project published first is not shown of another one, not even its latest version.
      for (const token of [stranger, '']) {
        expect(await search('tool', { prefix, token })).toEqual(['tool-open']);
        expect(await versionsFound('tool', { prefix, token })).toEqual(['1.0.0']);
      }
      expect(await search('tool-secret', { prefix, token: '' })).toEqual([]);
    }
    expect(await search('tool', { prefix: npmPrefix.group('acme/inner') })).toEqual(['tool', 'tool-open']);
    expect(await search('tool', { token: stranger })).toBe(404);
    expect(await search('tool', { token: '' })).toBe(401);
  });

  test('answers for a hidden group as for a missing one', async () => {
    const hidden = await npm.subgroup('hidden', 'private');
    await npm.publish({ to: await npm.project('deep', 'private', hidden) });
    const { token } = await npm.user('stranger');
    for (const as of [token, '']) {
      const existing = await npm.send('GET', `${npmPrefix.group('acme/hidden')}/-/v1/search?text=tool`, {
        token: as,
      });
      const absent = await npm.send('GET', `${npmPrefix.group('acme/absent')}/-/v1/search?text=tool`, {
        token: as,
      });
      expect([existing.status, await existing.text()]).toEqual([absent.status, await absent.text()]);
    }
    expect(await search('tool', { prefix: npmPrefix.group('acme/hidden') })).toEqual(['@acme/tool']);
  });

  test('tells in a header that it found more names than it returns', async () => {
    await npm.publish({ name: 'tool' });
    const header = async () => {
      await npm.runJobs();
      const answer = await npm.send('GET', `${npm.base}/-/v1/search?text=tool`);
      return answer.headers.get('x-incomplete-results');
    };
    expect(await header()).toBeNull();
    const owner = { kind: 'project', id: npm.tools.id } as const;
    const puts = Array.from({ length: 1100 }, (_, number) => {
      const ref = { projectId: npm.tools.id, format: 'npm', name: named.package(`tool-${number}`) };
      return { put: { ...keys.word(owner, 'tool', ref) } };
    });
    for (let start = 0; start < puts.length; start += 100) {
      await npm.registry.table.write(puts.slice(start, start + 100));
    }
    expect(await header()).toBe('true');
  });

  test('does not find unpublished packages', async () => {
    await npm.publish({ name: 'gone' });
    const { _rev } = await npm.packument('gone');
    await npm.send('DELETE', `${npm.base}/gone/-rev/${_rev}`);
    for (const prefix of [npm.base, npmPrefix.group('acme'), npmPrefix.instance]) {
      expect(await search('gone', { prefix })).toEqual([]);
    }
  });
});
