import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { type NugetApp, refusalOf, startNuget } from '../../kit/nuget-registry.ts';
import { nuspec } from '../../kit/nupkg.ts';

let nuget: NugetApp;
beforeEach(async () => {
  nuget = await startNuget();
});

interface Registration {
  readonly '@id': string;
  readonly count: number;
  readonly items: readonly Page[];
}

interface Page {
  readonly '@id': string;
  readonly count: number;
  readonly lower: string;
  readonly upper: string;
  readonly parent: string;
  readonly items?: readonly Leaf[];
}

interface Leaf {
  readonly '@id': string;
  readonly packageContent: string;
  readonly registration: string;
  readonly catalogEntry: {
    readonly [name: string]: unknown;
    readonly version: string;
    readonly listed: boolean;
  };
}

const pathOf = (url: string) => new URL(url).pathname;
const versionsOf = (page: Page) => page.items?.map(({ catalogEntry }) => catalogEntry.version);

describe('the service index', () => {
  test('is the same for every caller and project, with all URLs below its own', async () => {
    const own = await nuget.get('/index.json', { token: null });
    expect([own.status, own.headers.get('content-type')]).toEqual([200, 'application/json']);
    const index = (await own.json()) as { version: string; resources: { '@id': string; '@type': string }[] };
    expect(index.version).toBe('3.0.0');
    expect(index.resources.every((resource) => resource['@id'].startsWith(nuget.url))).toBe(true);
    const missing = await nuget.send('GET', '/api/v4/projects/999/packages/nuget/index.json', {
      token: null,
    });
    expect((await missing.text()).replaceAll('/999/', `/${nuget.project.id}/`)).toBe(JSON.stringify(index));
    for (const path of ['/index', '/']) expect((await nuget.get(path, { token: null })).status).toBe(200);
  });

  // https://learn.microsoft.com/nuget/api/overview#resources-and-schema
  test.for([
    ['PackageBaseAddress/3.0.0', '/download/'],
    ['PackagePublish/2.0.0', ''],
    ['SymbolPackagePublish/4.9.0', '/symbolpackage'],
    ['RegistrationsBaseUrl', '/metadata-semver1/'],
    ['RegistrationsBaseUrl/3.0.0-beta', '/metadata-semver1/'],
    ['RegistrationsBaseUrl/3.0.0-rc', '/metadata-semver1/'],
    ['RegistrationsBaseUrl/3.4.0', '/metadata-gz-semver1/'],
    ['RegistrationsBaseUrl/3.6.0', '/metadata-gz/'],
    ['RegistrationsBaseUrl/Versioned', '/metadata-gz/'],
    ['SearchQueryService', '/query'],
    ['SearchQueryService/3.0.0-beta', '/query'],
    ['SearchQueryService/3.0.0-rc', '/query'],
    ['SearchQueryService/3.5.0', '/query'],
    ['SearchAutocompleteService', '/autocomplete'],
    ['SearchAutocompleteService/3.5.0', '/autocomplete'],
    ['ReadmeUriTemplate/6.13.0', '/download/{lower_id}/{lower_version}/readme'],
    ['LegacyGallery/2.0.0', '/v2'],
  ])('lists %s at %s', async ([type, path]) => {
    const { resources } = await nuget.json<{ resources: { '@id': string; '@type': string }[] }>(
      '/index.json',
    );
    expect(resources.filter((each) => each['@type'] === type).map((each) => each['@id'])).toEqual([
      nuget.url + path,
    ]);
  });

  test('offers no publishing for a group or the instance', async () => {
    for (const path of ['/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget']) {
      const { resources } = await nuget.json<{ resources: { '@type': string }[] }>(`${path}/index.json`);
      const types = resources.map((each) => each['@type']);
      expect(types).toContain('PackageBaseAddress/3.0.0');
      expect(types.filter((type) => type.includes('Publish'))).toEqual([]);
    }
  });
});

describe('package content', () => {
  test('lists every served version in lower case, lowest first', async () => {
    for (const version of ['2.0', '1.10', '1.9.0-RC.1+x', '1.9']) await nuget.push({ version });
    expect(await nuget.json('/download/acme.tool/index.json')).toEqual({
      versions: ['1.9.0-rc.1', '1.9.0', '1.10.0', '2.0.0'],
    });
    expect(await nuget.json('/download/Acme.Tool/index')).toEqual(
      await nuget.json('/download/acme.tool/index.json'),
    );
  });

  test('is found by every equivalent spelling of id and version', async () => {
    const { bytes } = await nuget.push({ version: '1.2.0-Beta' });
    for (const path of [
      '/download/acme.tool/1.2.0-beta/acme.tool.1.2.0-beta.nupkg',
      '/download/Acme.Tool/1.2-BETA/Acme.Tool.1.2-BETA.nupkg',
      '/download/acme.tool/1.2.0.0-beta+build/acme.tool.1.2.0.0-beta.nupkg',
      '/v2/package/Acme.Tool/1.2-beta',
    ]) {
      const answer = await nuget.get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
  });

  test('answers 404 without a warning when it is missing', async () => {
    await nuget.push();
    for (const path of [
      '/download/acme.tool/1.0.1/acme.tool.1.0.1.nupkg',
      '/download/acme.tool/1.0.0/other.1.0.0.nupkg',
      '/download/acme.tool/1.0.0/acme.tool.1.0.0.snupkg',
      '/download/acme.tool/1.0.0/icon',
      '/download/acme.tool/1.0.0/readme',
      '/download/acme.tool/1.0.0/constructor',
      '/download/acme.tool/x/acme.tool.x.nupkg',
      '/download/absent/index.json',
      '/download/a%20b/index.json',
      '/metadata/absent/index.json',
      '/metadata/acme.tool/1.0.1.json',
      '/metadata/acme.tool/1.0.0',
      '/metadata/acme.tool/page/1.0.0/x.json',
      '/metadata/acme.tool/page/3.0.0/4.0.0.json',
    ]) {
      const answer = await nuget.get(path);
      expect([path, answer.status, answer.headers.get('x-nuget-warning')]).toEqual([path, 404, null]);
    }
    expect(nuget.errors).toEqual([]);
  });

  test('includes the nuspec, readme, icon and licence at their own addresses', async () => {
    const png = Buffer.from('\u0089PNG\r\n\u001a\n...', 'latin1');
    const metadata =
      '<readme>docs\\READ ME.md</readme><icon>./images/icon.png</icon><license type="file">LICENSE</license>';
    await nuget.push({
      metadata,
      files: [
        { path: 'docs/READ%20ME.md', content: '# Héllo' },
        { path: 'images/icon.png', content: png },
        { path: 'LICENSE', content: '<b>Free</b>' },
      ],
    });
    const content = async (name: string) => {
      const answer = await nuget.get(`/download/acme.tool/1.0.0/${name}`);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toContain('sandbox');
      return [
        answer.status,
        answer.headers.get('content-type'),
        Buffer.from(await answer.arrayBuffer()).toString('latin1'),
      ];
    };
    const text = (value: string) => Buffer.from(value).toString('latin1');
    expect(await content('acme.tool.nuspec')).toEqual([200, 'application/xml', text(nuspec({ metadata }))]);
    expect(await content('readme')).toEqual([200, 'text/markdown; charset=utf-8', text('# Héllo')]);
    expect(await content('icon')).toEqual([200, 'image/png', png.toString('latin1')]);
    expect(await content('license')).toEqual([200, 'text/plain; charset=utf-8', '<b>Free</b>']);
    const { etag } = Object.fromEntries((await nuget.get('/download/acme.tool/1.0.0/icon')).headers);
    const again = await nuget.get('/download/acme.tool/1.0.0/icon', {
      headers: { 'if-none-match': etag ?? '' },
    });
    expect(again.status).toBe(304);
    const { items } = await nuget.json<Registration>('/metadata/acme.tool/index.json');
    expect(items[0]?.items?.[0]?.catalogEntry).toMatchObject({
      iconUrl: `${nuget.url}/download/acme.tool/1.0.0/icon`,
      licenseUrl: `${nuget.url}/download/acme.tool/1.0.0/license`,
      readmeUrl: `${nuget.url}/download/acme.tool/1.0.0/readme`,
    });
  });

  test('excludes missing, damaged and oversized files that the nuspec names', async () => {
    const metadata = '<readme>no.md</readme><icon>icon.png</icon><license type="file">big</license>';
    const files = [
      { path: 'icon.png', content: 'x', statedSize: 100 },
      { path: 'big', content: 'x'.repeat((1 << 20) + 1) },
    ];
    expect((await nuget.push({ metadata, files })).response.status).toBe(201);
    for (const name of ['readme', 'icon', 'license']) {
      expect([name, (await nuget.get(`/download/acme.tool/1.0.0/${name}`)).status]).toEqual([name, 404]);
    }
    expect(nuget.errors).toEqual([]);
  });
});

describe('registrations', () => {
  test('describe every version and link to its content', async () => {
    const metadata = `<tags>a b</tags><dependencies><group targetFramework="net8.0">
      <dependency id="Acme.Base" version="1.0" /></group></dependencies>`;
    const { bytes } = await nuget.push({ metadata, version: '1.0.0+build' });
    const index = await nuget.json<Registration>('/metadata/Acme.Tool/index.json');
    const [page] = index.items;
    expect(index).toMatchObject({
      '@id': `${nuget.url}/metadata/acme.tool/index.json`,
      count: 1,
      items: [{ lower: '1.0.0', upper: '1.0.0', count: 1, parent: index['@id'] }],
    });
    const [leaf] = page?.items ?? [];
    expect(leaf).toEqual({
      '@id': `${nuget.url}/metadata/acme.tool/1.0.0.json`,
      '@type': 'Package',
      packageContent: `${nuget.url}/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg`,
      registration: index['@id'],
      catalogEntry: {
        '@id': `${nuget.url}/metadata/acme.tool/1.0.0.json#entry`,
        '@type': 'PackageDetails',
        id: 'Acme.Tool',
        version: '1.0.0+build',
        authors: 'Acme',
        description: 'The tool of Acme.',
        summary: '',
        title: '',
        tags: ['a', 'b'],
        language: '',
        minClientVersion: '',
        projectUrl: '',
        iconUrl: '',
        licenseUrl: '',
        licenseExpression: '',
        requireLicenseAcceptance: false,
        listed: true,
        published: new Date(nuget.clock.now()).toISOString(),
        packageContent: `${nuget.url}/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg`,
        packageHash: expect.stringMatching(/==$/),
        packageHashAlgorithm: 'SHA512',
        packageSize: bytes.byteLength,
        dependencyGroups: [
          {
            '@type': 'PackageDependencyGroup',
            targetFramework: 'net8.0',
            dependencies: [
              {
                '@type': 'PackageDependency',
                id: 'Acme.Base',
                range: '[1.0.0, )',
                registration: `${nuget.url}/metadata/acme.base/index.json`,
              },
            ],
          },
        ],
      },
    });
    const alone = await nuget.json<Leaf & { listed: boolean; published: string }>(
      pathOf(leaf?.['@id'] ?? ''),
    );
    expect(alone).toEqual({ ...leaf, listed: true, published: leaf?.catalogEntry.published });
  });

  test('include SemVer 2 versions only for clients that can read them', async () => {
    for (const version of ['1.0.0', '1.1.0-beta', '1.2.0-beta.1']) await nuget.push({ version });
    const versions = async (path: string) => {
      const { items } = await nuget.json<Registration>(`/${path}/acme.tool/index.json`);
      return items.flatMap((page) => versionsOf(page));
    };
    const all = ['1.0.0', '1.1.0-beta', '1.2.0-beta.1'];
    expect(await versions('metadata')).toEqual(all);
    expect(await versions('metadata-semver1')).toEqual(all.slice(0, 2));
    expect((await nuget.get('/metadata-semver1/acme.tool/1.2.0-beta.1.json')).status).toBe(404);
    expect((await nuget.get('/metadata-gz/acme.tool/1.2.0-beta.1.json')).status).toBe(200);
    await nuget.push({ id: 'Only', version: '1.0.0-a.b' });
    expect((await nuget.get('/metadata-semver1/only/index.json')).status).toBe(404);
  });

  test.for(['/metadata-gz/', '/metadata-gz-semver1/'])(
    'are gzipped at %s, whatever the client accepts',
    async (hive) => {
      await nuget.push();
      for (const name of ['index', '1.0.0', 'page/1.0.0/1.0.0']) {
        for (const accepted of ['', 'identity', 'br']) {
          const answer = await nuget.get(`${hive}acme.tool/${name}.json`, {
            headers: { 'accept-encoding': accepted },
          });
          expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, 'gzip']);
          const body = JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString());
          expect(body['@id']).toBe(`${nuget.url}${hive}acme.tool/${name}.json`);
        }
      }
    },
  );

  test('are split into pages when there are many versions', async () => {
    for (let index = 0; index < 130; index++) await nuget.push({ version: `1.0.${index}` });
    const index = await nuget.json<Registration>('/metadata/acme.tool/index.json');
    expect(index.items.map(({ lower, upper, count, items }) => [lower, upper, count, items])).toEqual([
      ['1.0.0', '1.0.63', 64, undefined],
      ['1.0.64', '1.0.127', 64, undefined],
      ['1.0.128', '1.0.129', 2, undefined],
    ]);
    for (const { '@id': id, lower, upper, count, parent } of index.items) {
      const page = await nuget.json<Page>(pathOf(id));
      expect(page).toMatchObject({ '@id': id, lower, upper, count, parent });
      expect(versionsOf(page)?.at(0)).toBe(lower);
      expect(versionsOf(page)?.at(-1)).toBe(upper);
      expect(page.items).toHaveLength(count);
    }
    const [first] = index.items;
    await nuget.push({ version: '1.0.5.1' });
    const late = await nuget.json<Page>(pathOf(first?.['@id'] ?? ''));
    expect([late.count, late.upper, versionsOf(late)?.includes('1.0.5.1')]).toEqual([65, '1.0.63', true]);
    expect((await nuget.get('/metadata/acme.tool/page/1.0.0/1.0.129.json')).status).toBe(404);
  });

  test('have pages with as many versions as their count says, even with many excluded ones between', async () => {
    for (let index = 0; index < 66; index++) await nuget.push({ version: `1.${index}.0` });
    for (let index = 0; index < 130; index++) await nuget.push({ version: `1.3.0-ci.${index}` });
    const { items } = await nuget.json<Registration>('/metadata-semver1/acme.tool/index.json');
    expect(items.map(({ count }) => count)).toEqual([64, 2]);
    for (const { '@id': id, count } of items) {
      expect((await nuget.json<Page>(pathOf(id))).items).toHaveLength(count);
    }
  });

  test('have pages with an ETag that changes with the package', async () => {
    for (let index = 0; index < 65; index++) await nuget.push({ version: `1.0.${index}` });
    const path = '/metadata/acme.tool/page/1.0.64/1.0.64.json';
    const etag = (await nuget.get(path)).headers.get('etag') ?? '';
    expect((await nuget.get(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    await nuget.send('DELETE', '/Acme.Tool/1.0.64');
    const after = await nuget.get(path, { headers: { 'if-none-match': etag } });
    expect(after.status).toBe(200);
    expect(((await after.json()) as Page).items?.[0]?.catalogEntry.listed).toBe(false);
  });
});

describe('several projects with the same id', () => {
  test('are merged in their group, with each version from the project that published it first', async () => {
    const other = await nuget.app.project('other', 'private');
    const to = (id: number) => ({ path: `/api/v4/projects/${id}/packages/nuget/` });
    const first = await nuget.push({ version: '1.0.0', metadata: '<title>first</title>' });
    await nuget.push({ version: '1.1.0' });
    await nuget.push({ version: '1.0.0', metadata: '<title>second</title>' }, to(other.id));
    await nuget.push({ version: '2.0.0' }, to(other.id));
    const group = '/api/v4/groups/acme/-/packages/nuget';
    expect(await nuget.json(`${group}/download/acme.tool/index.json`)).toEqual({
      versions: ['1.0.0', '1.1.0', '2.0.0'],
    });
    const bytesOf = async () => {
      const answer = await nuget.get(`${group}/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg`);
      return Buffer.from(await answer.arrayBuffer());
    };
    const titlesOf = async () => {
      const pages = ['index.json', 'page/1.0.0/1.0.0.json', '1.0.0.json'].map((name) =>
        nuget.json<Record<string, unknown>>(`${group}/metadata/acme.tool/${name}`),
      );
      return (await Promise.all(pages)).map((page) => /first|second/.exec(JSON.stringify(page))?.[0]);
    };
    expect((await bytesOf()).equals(first.bytes)).toBe(true);
    expect(await titlesOf()).toEqual(['first', 'first', 'first']);
    for (const version of ['1.0.0', '1.1.0']) await nuget.send('DELETE', `/Acme.Tool/${version}`);
    // Nobody can put other bytes in the place of a version that is only unlisted.
    expect((await bytesOf()).equals(first.bytes)).toBe(true);
    expect(await titlesOf()).toEqual(['first', 'first', 'first']);
    expect(await nuget.json(`${group}/download/acme.tool/index.json`)).toEqual({
      versions: ['1.0.0', '1.1.0', '2.0.0'],
    });
  });
});

describe('unlisting', () => {
  const statusOf = async (version: string) => {
    const { items } = await nuget.json<Registration>('/metadata/acme.tool/index.json');
    return items[0]?.items?.find(({ catalogEntry }) => catalogEntry.version === version)?.catalogEntry.listed;
  };

  test('keeps a version downloadable but out of searches until it is listed again', async () => {
    await nuget.push();
    await nuget.push({ version: '1.1.0' });
    expect((await nuget.send('DELETE', '/ACME.tool/1.1')).status).toBe(204);
    expect((await nuget.send('DELETE', '/ACME.tool/1.1')).status).toBe(204);
    expect(await statusOf('1.1.0')).toBe(false);
    expect((await nuget.get('/download/acme.tool/1.1.0/acme.tool.1.1.0.nupkg')).status).toBe(200);
    expect(await nuget.json('/download/acme.tool/index.json')).toEqual({ versions: ['1.0.0', '1.1.0'] });
    await nuget.runJobs();
    expect(await nuget.json('/query?q=acme')).toMatchObject({ totalHits: 1, data: [{ version: '1.0.0' }] });
    const [listed, ...others] = await nuget.json<{ version: string }[]>(
      `/api/v4/projects/${nuget.project.id}/packages`,
    );
    expect([listed?.version, others]).toEqual(['1.0.0', []]);
    expect((await nuget.send('POST', '/Acme.Tool/1.1.0')).status).toBe(200);
    expect(await statusOf('1.1.0')).toBe(true);
    expect(await nuget.json('/query?q=acme')).toMatchObject({ totalHits: 1, data: [{ version: '1.1.0' }] });
  });

  test('works at the V2 addresses too, and is not undone by a push', async () => {
    await nuget.push();
    for (const prefix of ['/v2', '/v2/package']) {
      expect((await nuget.send('DELETE', `${prefix}/Acme.Tool/1.0.0`)).status).toBe(204);
      expect(await statusOf('1.0.0')).toBe(false);
      expect((await nuget.send('POST', `${prefix}/Acme.Tool/1.0.0`)).status).toBe(200);
      expect(await statusOf('1.0.0')).toBe(true);
    }
    await nuget.send('DELETE', '/Acme.Tool/1.0.0');
    await nuget.push();
    expect(await statusOf('1.0.0')).toBe(false);
  });

  test('requires a Maintainer, a project and an existing version', async () => {
    await nuget.push();
    const developer = await nuget.user('developer', { level: 30, of: nuget.project });
    const denied = await nuget.send('DELETE', '/Acme.Tool/1.0.0', { token: developer.token });
    expect(await refusalOf(denied)).toEqual([403, expect.stringContaining('Maintainer')]);
    expect((await nuget.send('DELETE', '/Acme.Tool/1.0.1')).status).toBe(404);
    expect((await nuget.send('POST', '/Acme.Tool/1.0.1')).status).toBe(404);
    expect((await nuget.send('DELETE', '/Absent/1.0.0')).status).toBe(404);
    const group = await nuget.send('DELETE', '/api/v4/groups/acme/-/packages/nuget/Acme.Tool/1.0.0');
    expect(await refusalOf(group)).toEqual([405, 'Unlist in a project: this address only serves packages']);
  });

  test('does not keep a version that the management API removes', async () => {
    await nuget.push();
    await nuget.send('DELETE', '/Acme.Tool/1.0.0');
    const hidden = `/api/v4/projects/${nuget.project.id}/packages?status=hidden`;
    const [{ id } = { id: 0 }] = await nuget.json<{ id: number }[]>(hidden);
    expect((await nuget.send('DELETE', `/api/v4/projects/${nuget.project.id}/packages/${id}`)).status).toBe(
      204,
    );
    expect((await nuget.get('/download/acme.tool/index.json')).status).toBe(404);
    expect((await nuget.get('/metadata/acme.tool/index.json')).status).toBe(404);
  });
});
