import { beforeEach, describe, expect, test } from 'vitest';
import { liveHeadWrites, nameWrites } from '../../../services/registry/packages/package-writes.ts';
import { itemOf } from '../../../services/registry/records/entities.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { childOf, textOf } from '../../../services/shared/xml/read-xml.ts';
import { named } from '../../kit/names.ts';
import { type NugetApp, startNuget } from '../../kit/nuget-registry.ts';

let nuget: NugetApp;
beforeEach(async () => {
  nuget = await startNuget();
});

interface Results {
  readonly totalHits: number;
  readonly data: readonly {
    readonly id: string;
    readonly version: string;
    readonly versions: readonly { readonly version: string; readonly '@id': string }[];
    readonly [field: string]: unknown;
  }[];
}

const search = async (query: string, token?: string) => {
  await nuget.runJobs();
  return nuget.json<Results>(`/query?${query}`, token === undefined ? {} : { token });
};
const found = async (query: string, token?: string) => {
  const { totalHits, data } = await search(query, token);
  return [totalHits, ...data.map(({ id, version }) => `${id} ${version}`)];
};

describe('searches', () => {
  test('show a package with its latest version and all others', async () => {
    const metadata =
      '<title>The Tool</title><tags>a b</tags><packageTypes><packageType name="DotnetTool" /></packageTypes>';
    await nuget.push({ version: '1.0.0' });
    await nuget.push({ version: '1.1.0+x', metadata });
    expect(await search('q=tool')).toEqual({
      '@context': { '@vocab': 'http://schema.nuget.org/schema#', '@base': `${nuget.url}/` },
      totalHits: 1,
      data: [
        {
          '@id': `${nuget.url}/metadata-gz-semver1/acme.tool/index.json`,
          '@type': 'Package',
          registration: `${nuget.url}/metadata-gz-semver1/acme.tool/index.json`,
          id: 'Acme.Tool',
          version: '1.0.0',
          title: 'Acme.Tool',
          description: 'The tool of Acme.',
          summary: '',
          iconUrl: '',
          licenseUrl: '',
          projectUrl: '',
          tags: [],
          authors: ['Acme'],
          totalDownloads: 0,
          verified: false,
          packageTypes: [{ name: 'Dependency' }],
          versions: [
            {
              '@id': `${nuget.url}/metadata-gz-semver1/acme.tool/1.0.0.json`,
              version: '1.0.0',
              downloads: 0,
            },
          ],
        },
      ],
    });
    const { data } = await search('q=tool&semVerLevel=2.0.0');
    expect(data[0]).toMatchObject({
      registration: `${nuget.url}/metadata-gz/acme.tool/index.json`,
      version: '1.1.0+x',
      title: 'The Tool',
      tags: ['a', 'b'],
      packageTypes: [{ name: 'DotnetTool' }],
    });
    expect(data[0]?.versions.map(({ version }) => version)).toEqual(['1.0.0', '1.1.0+x']);
    const [latest] = data[0]?.versions.slice(-1) ?? [];
    expect((await nuget.get(new URL(latest?.['@id'] ?? '').pathname)).status).toBe(200);
  });

  test('exclude prereleases and SemVer 2 versions unless they are requested', async () => {
    for (const version of ['1.0.0', '1.1.0-beta', '1.2.0-beta.1']) await nuget.push({ version });
    await nuget.push({ id: 'Acme.Preview', version: '1.0.0-a' });
    expect(await found('q=acme')).toEqual([1, 'Acme.Tool 1.0.0']);
    expect(await found('q=acme&prerelease=false')).toEqual([1, 'Acme.Tool 1.0.0']);
    expect(await found('q=acme&prerelease=true')).toEqual([
      2,
      'Acme.Preview 1.0.0-a',
      'Acme.Tool 1.1.0-beta',
    ]);
    expect(await found('q=tool&prerelease=True&semVerLevel=2.0.0')).toEqual([1, 'Acme.Tool 1.2.0-beta.1']);
    expect(await found('q=tool&semVerLevel=2.0.0')).toEqual([1, 'Acme.Tool 1.0.0']);
  });

  test('find packages by any words of their id, or by the exact id', async () => {
    for (const id of ['Acme.Tool', 'Acme.Tool.Extra', 'Other-Tool_Kit']) await nuget.push({ id });
    expect(await found('q=')).toEqual([
      3,
      'Acme.Tool 1.0.0',
      'Acme.Tool.Extra 1.0.0',
      'Other-Tool_Kit 1.0.0',
    ]);
    expect(await found('')).toEqual(await found('q='));
    expect(await found('q=TOOL.acme')).toEqual([2, 'Acme.Tool 1.0.0', 'Acme.Tool.Extra 1.0.0']);
    expect(await found('q=kit')).toEqual([1, 'Other-Tool_Kit 1.0.0']);
    expect(await found('q=packageid:acme.tool')).toEqual([1, 'Acme.Tool 1.0.0']);
    expect(await found('q=packageId:%22Acme.Tool%22')).toEqual([1, 'Acme.Tool 1.0.0']);
    expect(await found('q=id:acme.tool')).toEqual([2, 'Acme.Tool 1.0.0', 'Acme.Tool.Extra 1.0.0']);
    expect(await found('q=packageid:acme.tool packageid:other-tool_kit tool')).toEqual([
      2,
      'Acme.Tool 1.0.0',
      'Other-Tool_Kit 1.0.0',
    ]);
    expect(await found('q=*')).toEqual(await found('q='));
    expect(await found('q=nothing')).toEqual([0]);
  });

  test.for(['json soft', 'soft json', 'json newton', 'son newton', 'newtonsoft', 'NEWTONSOFT.JSON'])(
    'find an id when one word starts a part of it and the others occur in it: %s',
    async (text) => {
      await nuget.push({ id: 'Newtonsoft.Json' });
      await nuget.push({ id: 'Software' });
      expect(await found(`q=${encodeURIComponent(text)}`)).toEqual([1, 'Newtonsoft.Json 1.0.0']);
    },
  );

  test('by fields find what meets all conditions', async () => {
    const tagged = (tags: string, more = '') => `<tags>${tags}</tags>${more}`;
    await nuget.push({ id: 'Acme.Log', version: '1.0', metadata: tagged('PSModule old') });
    await nuget.push({
      id: 'Acme.Log',
      version: '2.0',
      metadata: tagged('PSModule json', '<title>Big</title>'),
    });
    await nuget.push({
      id: 'Acme.Run',
      metadata: tagged('PSScript json', '<summary>Runs it all</summary>'),
    });
    for (const [text, expected] of [
      ['tag:psmodule', ['Acme.Log 2.0.0']],
      ['tags:JSON', ['Acme.Log 2.0.0', 'Acme.Run 1.0.0']],
      ['tags:json tag:PSScript', ['Acme.Run 1.0.0']],
      ['tags:json,psscript', ['Acme.Run 1.0.0']],
      ['run tag:json', ['Acme.Run 1.0.0']],
      ['tag:old', []],
      ['tag:js', []],
      ['tag:', []],
      ['tag:""', []],
      ['id:', []],
      ['title:big', ['Acme.Log 2.0.0']],
      ['title:acme.run', ['Acme.Run 1.0.0']],
      ['summary:"runs it"', ['Acme.Run 1.0.0']],
      ['description:"tool of acme" author:acme', ['Acme.Log 2.0.0', 'Acme.Run 1.0.0']],
      ['authors:nobody', []],
      ['version:2.0', ['Acme.Log 2.0.0']],
      ['version:1.0', ['Acme.Run 1.0.0']],
      ['owner:acme', []],
      ['owners:acme', []],
      ['colour:red', []],
      ['acme:log', ['Acme.Log 2.0.0']],
      [Array(21).fill('tag:json').join(' '), []],
    ] as const) {
      const [, ...names] = await found(`q=${encodeURIComponent(text)}`);
      expect([text, ...names]).toEqual([text, ...expected]);
      const term = encodeURIComponent(`'${text}'`);
      const feed = await nuget.feed(`/v2/Search()?$filter=IsLatestVersion&searchTerm=${term}`);
      const fed = feed.names.map((name) => name.replace(/ (\d)\.0$/, ' $1.0.0'));
      expect([text, ...fed]).toEqual([text, ...expected]);
    }
  });

  test('by a field find packages behind more others than a search by words returns', async () => {
    const { table } = nuget.registry;
    const others = Array.from({ length: 251 }, (_, index) => named.package(`a${index}`));
    for (const name of others) {
      const ref = { projectId: nuget.project.id, format: 'nuget', name };
      const head = liveHeadWrites(ref, 0, false, { versions: 0 });
      await table.write([...head, ...nameWrites(nuget.project, ref, 0)]);
    }
    await nuget.push({ id: 'Tagged', metadata: '<tags>PSModule</tags>' });
    expect((await search('q=tag:psmodule')).data).toMatchObject([{ id: 'Tagged' }]);
    const filter = encodeURIComponent("IsLatestVersion and substringof('PSModule', Tags) eq true");
    const { names } = await nuget.feed(`/v2/Search()?searchTerm=''&$filter=${filter}`);
    expect(names).toEqual(['Tagged 1.0.0']);
  });

  test('do not find an id when no word starts a part of it', async () => {
    await nuget.push({ id: 'Newtonsoft.Json' });
    expect(await found('q=soft')).toEqual([0]);
    expect(await found('q=soft%20son')).toEqual([0]);
  });

  test('return pages and the total count', async () => {
    for (const id of ['A', 'B', 'C', 'D', 'E']) await nuget.push({ id });
    expect(await found('skip=1&take=2')).toEqual([5, 'B 1.0.0', 'C 1.0.0']);
    expect(await found('skip=4&take=100000')).toEqual([5, 'E 1.0.0']);
    expect(await found('skip=9')).toEqual([5]);
    expect(await found('take=0')).toEqual([5]);
    expect((await nuget.get('/query?take=-1')).status).toBe(400);
    expect((await nuget.get('/query?skip=x')).status).toBe(400);
  });

  test('read only the packages of their page, and skip an unreadable one', async () => {
    for (const id of ['A', 'B', 'C']) await nuget.push({ id });
    const { table } = nuget.registry;
    const broken = keys.version(
      { projectId: nuget.project.id, format: 'nuget', name: named.package('b') },
      named.version('1.0.0'),
    );
    await table.write([{ put: itemOf(broken, { name: 'b', version: '1.0.0', status: 'default' }) }]);
    expect(await found('take=1')).toEqual([3, 'A 1.0.0']);
    expect(nuget.errors).toEqual([]);
    expect(await found('take=20')).toEqual([2, 'A 1.0.0', 'C 1.0.0']);
    expect((await nuget.feed('/v2/Search()')).names).toEqual(['A 1.0.0', 'C 1.0.0']);
    expect(nuget.errors).toMatchObject([{ message: 'metadata of a version not readable', package: 'b' }]);
  });

  test('shorten long texts, which only the registration of the version has in full', async () => {
    const long = (letter: string) => letter.repeat(10_000);
    const metadata = `<summary>${long('s')}</summary><releaseNotes>${long('r')}</releaseNotes>`;
    await nuget.push({ metadata });
    const start = (letter: string) => `${letter.repeat(4096)}…`;
    expect((await search('')).data[0]?.summary).toBe(start('s'));
    const { entries } = await nuget.feed('/v2/Search()');
    expect(textOf(childOf(entries[0], 'properties'), 'ReleaseNotes')).toBe(start('r'));
    const page = await nuget.json<{ items: [{ items: [object] }] }>('/metadata/acme.tool/index.json');
    expect(page.items[0].items[0]).toMatchObject({ catalogEntry: { summary: start('s') } });
    const leaf = await nuget.json('/metadata/acme.tool/1.0.0.json');
    expect(leaf).toMatchObject({ catalogEntry: { summary: long('s') } });
  });

  test('find exact ids even when more than a thousand others start like them', async () => {
    const { table } = nuget.registry;
    for (const id of ['Corp.Y', 'Corp.Z']) await nuget.push({ id });
    for (let index = 0; index < 1200; index++) {
      const name = `corp.fizz${String(index).padStart(4, '0')}`;
      const ref = { projectId: nuget.project.id, format: 'nuget', name: named.package(name) };
      const head = liveHeadWrites(ref, 0, false, { versions: 1 });
      await table.write([...head, ...nameWrites(nuget.project, ref, 0)]);
    }
    await nuget.runJobs();
    const stranger = await nuget.user('stranger');
    for (const prefix of [nuget.base, '/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget']) {
      const query = (id: string, token = nuget.rootToken) =>
        nuget.json<Results>(`${prefix}/query?q=packageid:${id}`, { token });
      expect((await query('Corp.Z')).data.map(({ id }) => id)).toEqual(['Corp.Z']);
      expect((await query('corp')).totalHits).toBe(0);
      expect((await query('a%2Fb')).totalHits).toBe(0);
      const updates = `${prefix}/v2/GetUpdates()?packageIds='Corp.Z|Corp.Y|None'&versions='0.1|0.1|0.1'`;
      expect((await nuget.feed(updates)).names).toEqual(['Corp.Y 1.0.0', 'Corp.Z 1.0.0']);
      const filter = encodeURIComponent("Id eq 'Corp.Z' or Id eq 'Corp.Y'");
      expect((await nuget.feed(`${prefix}/v2/Packages()?$filter=${filter}`)).names).toHaveLength(2);
      if (prefix !== nuget.base) expect((await query('Corp.Z', stranger.token)).totalHits).toBe(0);
    }
  });

  test('filter by package type', async () => {
    const types =
      '<packageTypes><packageType name="DotnetTool" /><packageType name="Other" /></packageTypes>';
    await nuget.push({ id: 'Cli', metadata: types });
    await nuget.push({ id: 'Lib' });
    expect(await found('packageType=dotnettool')).toEqual([1, 'Cli 1.0.0']);
    expect(await found('packageType=Dependency')).toEqual([1, 'Lib 1.0.0']);
    expect(await found('packageType=')).toEqual([2, 'Cli 1.0.0', 'Lib 1.0.0']);
    expect(await found('packageType=x')).toEqual([0]);
  });

  test('show at group and instance level what the caller may pull, and challenge anonymous callers', async () => {
    const open = await nuget.app.project('open', 'public');
    await nuget.push({ id: 'Closed' });
    await nuget.push({ id: 'Open' }, { path: `/api/v4/projects/${open.id}/packages/nuget/` });
    const stranger = await nuget.user('stranger');
    for (const prefix of ['/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget']) {
      const ids = async (token: string) =>
        (await nuget.json<Results>(`${prefix}/query`, { token })).data.map(({ id }) => id);
      expect(await ids(nuget.rootToken)).toEqual(['Closed', 'Open']);
      expect(await ids(stranger.token)).toEqual(['Open']);
      for (const path of ['/query', '/autocomplete', '/v2/Search()', '/v2/$metadata', '/v2']) {
        const anonymous = await nuget.get(prefix + path, { token: null });
        expect([path, anonymous.status]).toEqual([path, 401]);
        expect(anonymous.headers.get('www-authenticate')).toContain('Basic');
      }
    }
    const anyone = await nuget.json<Results>(`/api/v4/projects/${open.id}/packages/nuget/query`, {
      token: null,
    });
    expect(anyone.totalHits).toBe(1);
  });

  test('in a hidden group get the same answer as in a missing one', async () => {
    const hidden = await nuget.subgroup('hidden', 'private');
    await nuget.app.project('inside', 'private', hidden);
    const { token } = await nuget.user('stranger');
    const secret = await nuget.get('/api/v4/groups/acme%2Fhidden/-/packages/nuget/query', { token });
    const absent = await nuget.get('/api/v4/groups/acme%2Fabsent/-/packages/nuget/query', { token });
    expect([secret.status, await secret.text()]).toEqual([absent.status, await absent.text()]);
    expect(secret.status).toBe(404);
  });
});

describe('autocomplete', () => {
  const complete = async (query: string) => {
    await nuget.runJobs();
    return nuget.json<{ totalHits: number; data: string[] }>(`/autocomplete?${query}`);
  };

  test('completes ids', async () => {
    for (const id of ['Acme.Tool', 'Acme.Base']) await nuget.push({ id });
    await nuget.push({ id: 'Acme.New', version: '1.0-a' });
    expect(await complete('q=acme')).toMatchObject({ totalHits: 2, data: ['Acme.Base', 'Acme.Tool'] });
    expect(await complete('q=acme&prerelease=true&take=1')).toMatchObject({
      totalHits: 3,
      data: ['Acme.Base'],
    });
    expect(await complete('q=x')).toMatchObject({ totalHits: 0, data: [] });
  });

  test('lists the versions of an id', async () => {
    for (const version of ['1.0', '1.1-a', '1.2-a.1', '2.0']) await nuget.push({ version });
    await nuget.send('DELETE', '/Acme.Tool/2.0');
    expect((await complete('id=ACME.Tool')).data).toEqual(['1.0.0']);
    expect((await complete('id=acme.tool&prerelease=true')).data).toEqual(['1.0.0', '1.1.0-a']);
    expect((await complete('id=acme.tool&prerelease=true&semVerLevel=2.0.0')).data).toEqual([
      '1.0.0',
      '1.1.0-a',
      '1.2.0-a.1',
    ]);
    expect((await complete('id=absent')).data).toEqual([]);
    expect((await complete('id=a%20b')).data).toEqual([]);
    expect((await nuget.get('/autocomplete?id=acme.tool', { token: null })).status).toBe(401);
  });
});
