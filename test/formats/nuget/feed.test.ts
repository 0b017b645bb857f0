import { beforeEach, describe, expect, test } from 'vitest';
import { childOf, childrenOf, readXml, textOf } from '../../../services/shared/xml/read-xml.ts';
import { type NugetApp, refusalOf, startNuget } from '../../kit/nuget-registry.ts';

let nuget: NugetApp;
beforeEach(async () => {
  nuget = await startNuget();
});

const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
const names = async (path: string) => {
  await nuget.runJobs();
  return (await nuget.feed(`/v2/${path}`)).names;
};

describe('the V2 feed', () => {
  test('has a service document and metadata', async () => {
    const read = async (path: string) => readXml(Buffer.from(await (await nuget.get(path)).arrayBuffer()));
    const service = await read('/v2');
    expect(service.attributes.get('base')).toBe(`${nuget.url}/v2/`);
    expect(childOf(childOf(service, 'workspace'), 'collection')?.attributes.get('href')).toBe('Packages');
    const [types, container] = childrenOf(childOf(await read('/v2/$metadata'), 'DataServices'), 'Schema');
    const type = childOf(types, 'EntityType');
    expect(childrenOf(type, 'Property').map(({ attributes }) => attributes.get('Name'))).toContain(
      'PackageHash',
    );
    const imports = childrenOf(childOf(container, 'EntityContainer'), 'FunctionImport');
    expect(imports.map(({ attributes }) => attributes.get('Name'))).toEqual([
      'FindPackagesById',
      'GetUpdates',
      'Search',
    ]);
    expect((await nuget.get('/v2/')).status).toBe(200);
  });

  test('has every property of a version, escaped, and a link to its bytes', async () => {
    const metadata = `<title>A &lt;b&gt; &amp; "c"</title><summary>Short</summary><tags>a b</tags>
      <licenseUrl>https://acme.example/?a=1&amp;b=2</licenseUrl><releaseNotes>1 ]]&gt; 2</releaseNotes>
      <dependencies><group targetFramework="net45"><dependency id="X" version="1.0" /><dependency id="Y" /></group>
      <group targetFramework="net8.0" /></dependencies>`;
    const { bytes } = await nuget.push({ metadata, version: '1.2-Beta+x' });
    const { entries } = await nuget.feed(`/v2/Packages(Id='acme.TOOL',Version='1.2.0-beta')`);
    const [entry] = entries;
    const properties = childOf(entry, 'properties');
    const all = Object.fromEntries(properties?.children.map(({ name, text }) => [name, text]) ?? []);
    const published = new Date(nuget.clock.now()).toISOString().replace('Z', '');
    expect(all).toEqual({
      Id: 'Acme.Tool',
      Version: '1.2-Beta+x',
      NormalizedVersion: '1.2.0-Beta',
      Title: 'A <b> & "c"',
      Authors: 'Acme',
      Description: 'The tool of Acme.',
      Summary: 'Short',
      ReleaseNotes: '1 ]]> 2',
      Tags: 'a b',
      Copyright: '',
      Language: '',
      ProjectUrl: '',
      IconUrl: '',
      LicenseUrl: 'https://acme.example/?a=1&b=2',
      RequireLicenseAcceptance: 'false',
      DevelopmentDependency: 'false',
      Dependencies: 'X:[1.0.0, ):net45|Y:(, ):net45|::net8.0',
      MinClientVersion: '',
      IsPrerelease: 'true',
      IsLatestVersion: 'false',
      IsAbsoluteLatestVersion: 'true',
      Listed: 'true',
      Created: published,
      LastUpdated: published,
      Published: published,
      PackageSize: String(bytes.byteLength),
      PackageHash: expect.stringMatching(/==$/),
      PackageHashAlgorithm: 'SHA512',
      DownloadCount: '0',
      VersionDownloadCount: '0',
    });
    expect([
      textOf(entry, 'title'),
      textOf(entry, 'summary'),
      textOf(childOf(entry, 'author'), 'name'),
    ]).toEqual(['Acme.Tool', 'Short', 'Acme']);
    const source = new URL(childOf(entry, 'content')?.attributes.get('src') ?? '');
    const download = await nuget.get(source.pathname);
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('finds all versions of an id, and dates unlisted ones to 1900', async () => {
    for (const version of ['1.0', '1.1', '2.0-a', '2.0-a.1']) await nuget.push({ version });
    await nuget.send('DELETE', '/Acme.Tool/1.1');
    expect(await names(`FindPackagesById()?id='Acme.Tool'`)).toEqual([
      'Acme.Tool 1.0',
      'Acme.Tool 1.1',
      'Acme.Tool 2.0-a',
    ]);
    expect(await names(`FindPackagesById()?id='acme.tool'&semVerLevel=2.0.0`)).toHaveLength(4);
    expect(
      await names(`FindPackagesById()?${query({ id: "'Acme.Tool'", $filter: 'IsLatestVersion' })}`),
    ).toEqual(['Acme.Tool 1.0']);
    const { entries } = await nuget.feed(
      `/v2/FindPackagesById()?id=Acme.Tool&${query({ $filter: 'not Listed' })}`,
    );
    expect(entries.map((entry) => textOf(childOf(entry, 'properties'), 'Published'))).toEqual([
      '1900-01-01T00:00:00',
    ]);
    expect(await names(`FindPackagesById()?id='absent'`)).toEqual([]);
    expect(await names(`FindPackagesById()?id='${encodeURIComponent("a''b")}'`)).toEqual([]);
  });

  test('rejects a filter that is too expensive, and answers 404 for unreadable calls', async () => {
    const filter = Array(40).fill("substringof('b',tolower(ReleaseNotes))").join(' or ');
    const refused = await nuget.get(`/v2/Packages()?${query({ $filter: filter })}`);
    expect(await refusalOf(refused)).toEqual([400, expect.stringMatching(/more than 150 names/)]);
    for (const call of [
      `Packages(${'a'.repeat(15_000)})`,
      'Search(%E0)',
      'Search(%E0)/$count',
      'Packages(x)',
    ]) {
      expect((await nuget.get(`/v2/${call}`)).status).toBe(404);
    }
    expect(nuget.errors).toEqual([]);
  });

  // Filters that Chocolatey, PowerShellGet and NuGet 2 send.
  test.for([
    ["(tolower(Id) eq 'acme.tool') and IsLatestVersion", ['Acme.Tool 1.1']],
    ["((Id eq 'Acme.Tool') and (Version eq '1.0.0.0'))", ['Acme.Tool 1.0']],
    [
      "tolower(Id) eq 'acme.tool' or tolower(Id) eq 'acme.base'",
      ['Acme.Base 1.0', 'Acme.Base 2.0-a', 'Acme.Tool 1.0', 'Acme.Tool 1.1'],
    ],
    ["substringof('base',tolower(Id)) and IsAbsoluteLatestVersion", ['Acme.Base 2.0-a']],
    ["Version gt '1.0' and Id eq 'Acme.Tool'", ['Acme.Tool 1.1']],
    ["Id eq 'absent'", []],
    ['IsLatestVersion', ['Acme.Base 1.0', 'Acme.Tool 1.1']],
  ] as const)('answers Packages()?$filter=%s', async ([filter, expected]) => {
    for (const version of ['1.0', '1.1']) await nuget.push({ version });
    for (const version of ['1.0', '2.0-a']) await nuget.push({ id: 'Acme.Base', version });
    expect(await names(`Packages()?${query({ $filter: filter })}`)).toEqual(expected);
    expect((await nuget.get(`/v2/Packages()/$count?${query({ $filter: filter })}`)).status).toBe(200);
  });

  // PSResourceGet installs the first version of the answer.
  test.for([
    ['Version', ['2.0.0-rc.2', '2.0.0-rc.10', '2.0.0']],
    ['Version desc', ['2.0.0', '2.0.0-rc.10', '2.0.0-rc.2']],
    ['NormalizedVersion desc', ['2.0.0', '2.0.0-rc.10', '2.0.0-rc.2']],
    ['Id,NormalizedVersion', ['2.0.0-rc.2', '2.0.0-rc.10', '2.0.0']],
  ] as const)('sorts versions as versions and not as text: $orderby=%s', async ([order, expected]) => {
    for (const version of ['1.9.0', '2.0.0', '2.0.0-rc.10', '2.0.0-rc.2', '1.10.0'])
      await nuget.push({ version });
    const ordered = (filter: string) =>
      names(
        `FindPackagesById()?${query({ id: "'Acme.Tool'", semVerLevel: '2.0.0', $orderby: order, $filter: filter })}`,
      );
    expect(await ordered("Version gt '1.10.0'")).toEqual(expected.map((version) => `Acme.Tool ${version}`));
    const stable = ['Acme.Tool 1.9.0', 'Acme.Tool 1.10.0'];
    expect(await ordered("Version lt '2.0.0-a' and startswith(Id, 'acme')")).toEqual(
      order.endsWith('desc') ? stable.reverse() : stable,
    );
  });

  test('answers the searches of `nuget list` of NuGet 2', async () => {
    for (const [id, version] of [
      ['Acme.Tool', '1.0'],
      ['Acme.Tool', '1.1-a'],
      ['Acme.Base', '1.0'],
      ['Other', '1.0'],
    ]) {
      await nuget.push({ id: id!, version: version! });
    }
    await nuget.runJobs();
    const search = (parameters: Record<string, string>) => names(`Search()?${query(parameters)}`);
    const list = {
      $filter: 'IsLatestVersion',
      $orderby: 'Id',
      $skip: '0',
      $top: '30',
      targetFramework: "''",
    };
    expect(await search({ ...list, searchTerm: "''", includePrerelease: 'false' })).toEqual([
      'Acme.Base 1.0',
      'Acme.Tool 1.0',
      'Other 1.0',
    ]);
    expect(await search({ ...list, searchTerm: "'acme'", $orderby: 'Id desc' })).toEqual([
      'Acme.Tool 1.0',
      'Acme.Base 1.0',
    ]);
    expect(
      await search({ $filter: 'IsAbsoluteLatestVersion', searchTerm: "'tool'", includePrerelease: 'true' }),
    ).toEqual(['Acme.Tool 1.1-a']);
    expect(await search({ searchTerm: "'tool'", includePrerelease: 'true' })).toHaveLength(2);
    const count = await nuget.get(`/v2/Search()/$count?${query({ ...list, searchTerm: "'acme'" })}`);
    expect([count.status, await count.text()]).toEqual([200, '2']);
    await nuget.send('DELETE', '/Other/1.0');
    expect(await search({ searchTerm: "'other'" })).toEqual([]);
  });

  test('finds updates for the versions in the query', async () => {
    for (const version of ['1.0', '1.1', '2.0', '3.0-a']) await nuget.push({ version });
    await nuget.push({ id: 'Acme.Base', version: '1.0' });
    const updates = (parameters: Record<string, string>) =>
      names(
        `GetUpdates()?${query({ packageIds: "'Acme.Tool|Acme.Base|Absent'", versions: "'1.0|1.0|1.0'", ...parameters })}`,
      );
    expect(await updates({ includePrerelease: 'false', includeAllVersions: 'false' })).toEqual([
      'Acme.Tool 2.0',
    ]);
    expect(await updates({ includePrerelease: 'true', includeAllVersions: 'true' })).toEqual([
      'Acme.Tool 1.1',
      'Acme.Tool 2.0',
      'Acme.Tool 3.0-a',
    ]);
    expect(await updates({ versionConstraints: "'[1.0,2.0)||'" })).toEqual(['Acme.Tool 1.1']);
    await nuget.send('DELETE', '/Acme.Tool/2.0');
    expect(await updates({})).toEqual(['Acme.Tool 1.1']);
  });

  test('splits more than a hundred versions into pages, and counts on request', async () => {
    for (let index = 0; index < 130; index++) await nuget.push({ version: `1.0.${index}` });
    const first = await nuget.feed(`/v2/FindPackagesById()?id='Acme.Tool'&$inlinecount=allpages`);
    expect([first.entries.length, textOf(first.root, 'count')]).toEqual([100, '130']);
    const link = childrenOf(first.root, 'link').find(({ attributes }) => attributes.get('rel') === 'next');
    const next = new URL(link?.attributes.get('href') ?? '');
    expect(next.href.startsWith(`${nuget.url}/v2/FindPackagesById()?`)).toBe(true);
    const second = await nuget.feed(next.pathname + next.search);
    expect([...first.names, ...second.names]).toEqual(
      Array.from({ length: 130 }, (_, index) => `Acme.Tool 1.0.${index}`),
    );
    expect(childrenOf(second.root, 'link').some(({ attributes }) => attributes.get('rel') === 'next')).toBe(
      false,
    );
    expect(await names(`FindPackagesById()?id='Acme.Tool'&$skip=128&$top=5`)).toHaveLength(2);
    expect(await names(`FindPackagesById()?id='Acme.Tool'&$top=3`)).toHaveLength(3);
    const count = await nuget.get(`/v2/FindPackagesById()/$count?id='Acme.Tool'`);
    expect(await count.text()).toBe('130');
  });

  test('compares times as times, and finds positions in texts', async () => {
    nuget.clock.advance(Date.parse('2026-01-01T01:00:00Z') - nuget.clock.now());
    await nuget.push({ version: '1.0' });
    for (const [filter, matches] of [
      ["Published ge DateTime'2026-01-01'", true],
      ["Published gt datetime'2026-01-01T01:59:00+01:00'", true],
      ["Published eq datetime'2026-01-01T01:00:00Z' and Created eq LastUpdated", true],
      ["Published lt datetime'2026-01-01T01:00:00.0000000'", false],
      ["indexof(Id, 'tool') eq 5", true],
      ["indexof(Id, 'x') ge 0", false],
    ] as const) {
      const path = `FindPackagesById()?${query({ id: "'Acme.Tool'", $filter: filter })}`;
      expect([filter, await names(path)]).toEqual([filter, matches ? ['Acme.Tool 1.0'] : []]);
    }
  });

  test('sends the package of an entry at its edit-media address', async () => {
    const { bytes } = await nuget.push({ version: '1.0' });
    const { entries } = await nuget.feed("/v2/Packages(Id='Acme.Tool',Version='1.0')");
    const link = entries[0]?.children.find(({ attributes }) => attributes.get('rel') === 'edit-media');
    const path = `/v2/${link?.attributes.get('href')}`;
    const answer = await nuget.get(path);
    expect([answer.status, Buffer.from(await answer.arrayBuffer()).equals(bytes)]).toEqual([200, true]);
    expect((await nuget.get(path, { token: null })).status).toBe(401);
    for (const missing of [
      "Packages(Id='Acme.Tool',Version='2.0')",
      "Packages(Id='x')",
      'Search()',
      '$metadata',
    ])
      expect([missing, (await nuget.get(`/v2/${missing}/$value`)).status]).toEqual([missing, 404]);
  });

  test('refuses to answer in other formats than Atom', async () => {
    await nuget.push();
    for (const path of ['', '/Packages()', '/Search()', "/Packages(Id='Acme.Tool',Version='1.0')"]) {
      for (const format of ['atom', 'xml', 'application/atom%2Bxml', '']) {
        expect((await nuget.get(`/v2${path}?$format=${format}`)).status).toBe(200);
      }
      const refused = await nuget.get(`/v2${path}?$format=json`);
      expect(await refusalOf(refused)).toEqual([400, expect.stringMatching(/^\$format must be "atom"/)]);
    }
  });

  test('reads parameters whose names are in another case', async () => {
    for (const version of ['1.0', '2.0-a']) await nuget.push({ version });
    const parameters = { ID: "'acme.tool'", $OrderBy: 'Version desc', $FILTER: 'IsAbsoluteLatestVersion' };
    expect(await names(`FindPackagesById()?${query(parameters)}`)).toEqual(['Acme.Tool 2.0-a']);
    const { $FILTER: _, ...sorted } = parameters;
    expect(await names(`FindPackagesById()?${query(sorted)}`)).toEqual(['Acme.Tool 2.0-a', 'Acme.Tool 1.0']);
    expect(await names(`Search()?${query({ SearchTerm: "'x'" })}`)).toEqual([]);
  });

  test('rejects invalid queries, and answers 404 for missing versions and unknown calls', async () => {
    await nuget.push();
    const refused = await nuget.get(`/v2/Packages()?${query({ $filter: 'drop(Id)' })}`);
    expect(await refusalOf(refused)).toEqual([400, '$filter uses the unsupported function "drop"']);
    for (const filter of ['Secret eq 1', "Id eq 'x", '((((']) {
      expect((await nuget.get(`/v2/Packages()?${query({ $filter: filter })}`)).status).toBe(400);
    }
    for (const path of [
      "Packages(Id='Acme.Tool',Version='9.0')",
      "Packages(Id='absent',Version='1.0')",
      'Users()',
      '$batch',
    ]) {
      expect([path, (await nuget.get(`/v2/${path}`)).status]).toEqual([path, 404]);
    }
    expect((await nuget.get('/v2/Search()?$top=x')).status).toBe(400);
    expect(nuget.errors).toEqual([]);
  });

  test('has the visibility of its project', async () => {
    await nuget.push();
    for (const path of [
      '',
      '/$metadata',
      '/Search()',
      "/FindPackagesById()?id='Acme.Tool'",
      "/Packages(Id='Acme.Tool',Version='1.0')",
    ]) {
      const anonymous = await nuget.get(`/v2${path}`, { token: null });
      expect([path, anonymous.status]).toEqual([path, 401]);
      expect(anonymous.headers.get('www-authenticate')).toContain('Basic');
    }
    const open = await nuget.app.project('open', 'public');
    const base = `/api/v4/projects/${open.id}/packages/nuget/v2`;
    for (const path of ['', '/$metadata', '/Search()']) {
      expect((await nuget.get(base + path, { token: null })).status).toBe(200);
    }
  });

  test('is served at group and instance level', async () => {
    await nuget.push();
    for (const prefix of ['/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget']) {
      for (const path of [
        "FindPackagesById()?id='Acme.Tool'",
        'Search()',
        "Packages(Id='Acme.Tool',Version='1.0')",
      ]) {
        const { names: found, entries } = await nuget.feed(`${prefix}/v2/${path}`);
        expect(found).toEqual(['Acme.Tool 1.0.0']);
        expect(childOf(entries[0], 'content')?.attributes.get('src')).toContain(`${prefix}/v2/package/`);
      }
    }
  });
});
