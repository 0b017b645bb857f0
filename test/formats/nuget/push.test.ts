import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Version } from '../../../services/domain/packages.ts';
import type { Metadata } from '../../../services/formats/nuget/schema.ts';
import { maybeEntity } from '../../../services/registry/records/entities.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { named } from '../../kit/names.ts';
import { type NugetApp, refusalOf, startNuget } from '../../kit/nuget-registry.ts';
import { nupkg, nuspec, pushForm, snupkg } from '../../kit/nupkg.ts';
import { deployToken } from '../../kit/start-app.ts';
import { zip } from '../../kit/zip.ts';

let nuget: NugetApp;
beforeEach(async () => {
  nuget = await startNuget();
});

const ref = () => ({ projectId: nuget.project.id, format: 'nuget', name: named.package('acme.tool') });
const stored = async (version: string) =>
  maybeEntity<Version<Metadata>>(await nuget.registry.table.get(keys.version(ref(), named.version(version))));

describe('pushing', () => {
  test('makes a package with its signature downloadable, byte for byte', async () => {
    const signed = nupkg({ files: [{ path: '.signature.p7s', content: 'signed', stored: true }] });
    const { response, bytes } = await nuget.push(signed);
    expect([response.status, await response.json()]).toEqual([201, { message: '201 Created' }]);
    const download = await nuget.get('/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg');
    expect(download.status).toBe(200);
    expect(download.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
    expect(nuget.errors).toEqual([]);
  });

  test.for(['/', '', '/v2', '/v2/', '/v2/package', '/v2/package/'])('is accepted at %j', async (path) => {
    expect((await nuget.push({}, { path: nuget.base + path })).response.status).toBe(201);
    expect((await nuget.get('/download/acme.tool/index.json')).status).toBe(200);
  });

  test('by POST is a 405 that names the methods, and not the relisting of a version', async () => {
    for (const [path, allow] of [
      ['/v2/package', 'GET, HEAD, PUT'],
      ['/v2', 'GET, HEAD, PUT'],
      ['/symbolpackage', 'PUT'],
      ['/query', 'GET, HEAD'],
      ['/v2/package/acme.tool/latest', 'GET, HEAD'],
    ] as const) {
      const { headers, body } = pushForm(nupkg());
      const answer = await nuget.send('POST', path, { headers, body });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow]);
    }
  });

  test('accepts the package as the body, and in a form under any field name', async () => {
    const raw = await nuget.send('PUT', '/', { body: nupkg({ version: '1.0.1' }) });
    expect(raw.status).toBe(201);
    const form = new FormData();
    form.set('note', 'passed over');
    form.set('anything', new Blob([nupkg({ version: '1.0.2' })]), 'x.nupkg');
    expect((await nuget.send('PUT', '/', { body: form })).status).toBe(201);
    expect(await nuget.json('/download/acme.tool/index.json')).toEqual({ versions: ['1.0.1', '1.0.2'] });
  });

  test('accepts a token in X-NuGet-ApiKey, unless other credentials are sent', async () => {
    const key = (value: string) => ({ token: null, headers: { 'x-nuget-apikey': value } });
    expect((await nuget.push({}, key(nuget.rootToken))).response.status).toBe(201);
    const wrong = (await nuget.push({}, key('not-a-token'))).response;
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="GitLab Packages Registry"',
    ]);
    // Many clients send a made-up key along with the credentials of the source.
    const both = { headers: { 'x-nuget-apikey': 'az' } };
    expect((await nuget.push({ version: '1.0.1' }, both)).response.status).toBe(201);
  });

  test('keeps the case of the id, and the original version in the metadata', async () => {
    await nuget.push({ id: 'Acme.Tool', version: '1.2-Beta.1+Build' });
    const [listed] = await nuget.json<{ name: string; version: string; package_type: string }[]>(
      `/api/v4/projects/${nuget.project.id}/packages`,
    );
    expect(listed).toMatchObject({ name: 'Acme.Tool', version: '1.2.0-beta.1', package_type: 'nuget' });
    expect((await stored('1.2.0-beta.1'))?.metadata).toMatchObject({
      id: 'Acme.Tool',
      version: '1.2-Beta.1+Build',
      semVer2: true,
    });
  });

  test('stores all metadata of the nuspec', async () => {
    const metadata = `
      <title>The &amp; Tool</title><owners>nobody</owners><summary>Short</summary>
      <releaseNotes>New</releaseNotes><copyright>(c)</copyright><language>en</language>
      <tags>one two, three;one</tags>
      <projectUrl>https://acme.example</projectUrl><iconUrl>https://acme.example/i.png</iconUrl>
      <licenseUrl>https://licenses.nuget.org/MIT</licenseUrl><license type="expression">MIT</license>
      <requireLicenseAcceptance>TRUE</requireLicenseAcceptance>
      <developmentDependency>true</developmentDependency>
      <packageTypes><packageType name="DotnetTool" version="1.0" /></packageTypes>
      <dependencies>
        <group targetFramework="net8.0"><dependency id="Acme.Base" version="[1.0,2.0)" exclude="Build" /></group>
        <group targetFramework=".NETStandard2.0" />
      </dependencies>`;
    const { bytes } = await nuget.push({ metadata, attributes: 'minClientVersion="2.12"' });
    expect((await stored('1.0.0'))?.metadata).toEqual({
      id: 'Acme.Tool',
      version: '1.0.0',
      semVer2: false,
      title: 'The & Tool',
      authors: 'Acme',
      description: 'The tool of Acme.',
      summary: 'Short',
      releaseNotes: 'New',
      copyright: '(c)',
      language: 'en',
      tags: ['one', 'two', 'three', 'one'],
      projectUrl: 'https://acme.example',
      iconUrl: 'https://acme.example/i.png',
      licenseUrl: 'https://licenses.nuget.org/MIT',
      licenseExpression: 'MIT',
      license: '',
      icon: '',
      readme: '',
      requireLicenseAcceptance: true,
      developmentDependency: true,
      minClientVersion: '2.12',
      packageTypes: [{ name: 'DotnetTool', version: '1.0' }],
      dependencyGroups: [
        { targetFramework: 'net8.0', dependencies: [{ id: 'Acme.Base', range: '[1.0.0, 2.0.0)' }] },
        { targetFramework: '.NETStandard2.0', dependencies: [] },
      ],
      size: bytes.byteLength,
      sha512: expect.stringMatching(/^[\w+/]{86}==$/),
    });
  });

  test('accepts old nuspecs without a namespace and with ungrouped dependencies', async () => {
    const metadata = '<dependencies><dependency id="A" version="1" /><dependency id="B" /></dependencies>';
    expect((await nuget.push({ metadata, xmlns: '' })).response.status).toBe(201);
    expect((await stored('1.0.0'))?.metadata.dependencyGroups).toEqual([
      {
        targetFramework: '',
        dependencies: [
          { id: 'A', range: '[1.0.0, )' },
          { id: 'B', range: '(, )' },
        ],
      },
    ]);
  });

  test('marks a package as SemVer 2 when a dependency requires it', async () => {
    const metadata = '<dependencies><dependency id="A" version="1.0-a.1" /></dependencies>';
    await nuget.push({ metadata });
    expect((await stored('1.0.0'))?.metadata.semVer2).toBe(true);
  });
});

describe('pushing again', () => {
  const settings = (rule: object) =>
    nuget.send('PUT', '/api/v4/groups/acme/package_settings', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(rule),
    });

  test('replaces the package and its metadata, unless the group forbids it', async () => {
    const readme = { path: 'README.md', content: '# One' };
    await nuget.push({ metadata: '<title>One</title><readme>README.md</readme>', files: [readme] });
    const { bytes } = await nuget.push({ metadata: '<title>Two</title>' });
    const download = await nuget.get('/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg');
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await stored('1.0.0'))?.metadata).toMatchObject({
      title: 'Two',
      readme: '',
      size: bytes.byteLength,
    });
    expect(await nuget.registry.table.get(keys.readme(ref(), named.version('1.0.0')))).toBeUndefined();
    expect(await nuget.json('/download/acme.tool/index.json')).toEqual({ versions: ['1.0.0'] });

    await settings({ nuget_duplicates_allowed: false });
    const again = (await nuget.push({ version: '1.0.0.0+other', metadata: '<title>Three</title>' })).response;
    expect(await refusalOf(again)).toEqual([
      409,
      'Acme.Tool 1.0.0 already exists and cannot be pushed again',
    ]);
    expect((await stored('1.0.0'))?.metadata.title).toBe('Two');
  });

  test('inverts the rule for exceptions by version or by id in its original case', async () => {
    await settings({ nuget_duplicates_allowed: false, nuget_duplicate_exception_regex: 'Acme\\..*' });
    await nuget.push();
    await nuget.push({ id: 'Other' });
    expect((await nuget.push()).response.status).toBe(201);
    expect((await nuget.push({ id: 'Other' })).response.status).toBe(409);
    await settings({ nuget_duplicates_allowed: true, nuget_duplicate_exception_regex: '1\\..*' });
    expect((await nuget.push()).response.status).toBe(409);
  });

  test('concurrently succeeds for all, and the metadata matches the bytes that are served', async () => {
    const pushes = Array.from({ length: 8 }, (_, index) =>
      nuget.push({
        metadata: `<title>T${index}</title>`,
        files: [{ path: 'a', content: 'a'.repeat(index) }],
      }),
    );
    const pushed = await Promise.all(pushes);
    expect(pushed.map(({ response }) => response.status)).toEqual(Array(8).fill(201));
    const download = await nuget.get('/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg');
    const bytes = Buffer.from(await download.arrayBuffer());
    const winner = pushed.findIndex((each) => each.bytes.equals(bytes));
    expect((await stored('1.0.0'))?.metadata).toMatchObject({ title: `T${winner}`, size: bytes.byteLength });
  });

  test('concurrently succeeds once where duplicates are forbidden', async () => {
    await settings({ nuget_duplicates_allowed: false });
    const pushes = Array.from({ length: 8 }, (_, index) =>
      nuget.push({ metadata: `<title>T${index}</title>` }),
    );
    const statuses = (await Promise.all(pushes)).map(({ response }) => response.status).sort();
    expect(statuses).toEqual([201, ...Array(7).fill(409)]);
    expect(await nuget.blobCount()).toBe(1);
  });

  test('stores all of several versions that are pushed concurrently', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => nuget.push({ version: `1.0.${index}` })));
    const { versions } = await nuget.json<{ versions: string[] }>('/download/acme.tool/index.json');
    expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => `1.0.${index}`));
  });

  test('treats ids that differ in case as one package', async () => {
    await nuget.push({ id: 'acme.tool', version: '1.0' });
    await nuget.push({ id: 'ACME.Tool', version: '2.0' });
    expect(await nuget.json('/download/Acme.TOOL/index.json')).toEqual({ versions: ['1.0.0', '2.0.0'] });
  });
});

describe('a caller who may not push', () => {
  test('gets the reason', async () => {
    const reporter = await nuget.user('reporter', { level: levels.reporter, of: nuget.project });
    const denied = (await nuget.push({}, { token: reporter.token })).response;
    expect(await refusalOf(denied)).toEqual([403, expect.stringContaining('needs the role Developer')]);
    expect((await nuget.push({}, { token: reporter.token })).response.statusText).toContain('needs the role');
    const readOnly = await deployToken(nuget.registry, nuget.project, ['read_package_registry']);
    const scope = (await nuget.push({}, { token: readOnly.secret })).response;
    expect([scope.status, scope.headers.get('x-nuget-warning')]).toEqual([
      403,
      'The token has no scope for this request',
    ]);
    const anonymous = (await nuget.push({}, { token: null })).response;
    expect([anonymous.status, anonymous.headers.get('x-nuget-warning')]).toEqual([401, null]);
    expect(await nuget.blobCount()).toBe(0);
  });
});

describe('invalid packages', () => {
  const pushInvalid = async (bytes: Uint8Array, path = '/') => {
    const { response } = await nuget.push(bytes, { path });
    expect(await nuget.blobCount()).toBe(0);
    return refusalOf(response);
  };
  const withNuspec = (text: string) => zip([{ path: 'a.nuspec', content: text }]);
  const lolz = '<!DOCTYPE lolz [<!ENTITY lol "lol">]><package><metadata><id>&lol;</id></metadata></package>';

  test.for([
    ['text', Buffer.from('this is no zip'), /not a whole zip archive/],
    ['an empty body', Buffer.alloc(0), /not a whole zip archive/],
    ['a truncated package', nupkg().subarray(0, 300), /not a whole zip archive/],
    ['a zip without a nuspec', zip([{ path: 'a.txt', content: 'x' }]), /no nuspec in its root/],
    ['a nuspec in a folder', zip([{ path: 'sub/a.nuspec', content: nuspec() }]), /no nuspec in its root/],
    ['two nuspecs', nupkg({ files: [{ path: 'Other.NUSPEC', content: nuspec() }] }), /more than one nuspec/],
    [
      'a nuspec that is not XML',
      withNuspec('<package'),
      /The nuspec can't be read: it is not well-formed XML/,
    ],
    ['a nuspec with entities', withNuspec(lolz), /document type declaration/],
    ['another document', withNuspec('<html/>'), /no <metadata>/],
    [
      'a nuspec without an id',
      withNuspec('<package><metadata><version>1</version></metadata></package>'),
      /id "" is not valid/,
    ],
    ['an id that is a path', nupkg({ id: '../../x' }), /id "..\/..\/x" is not valid|invalid relative path/],
    ['an id that is too long', nupkg({ id: 'a'.repeat(101) }), /is not valid: use at most 100/],
    ['an id with a space', nupkg({ id: 'a b' }), /id "a b" is not valid/],
    ['an invalid version', nupkg({ version: 'latest' }), /version "latest" is not valid/],
    [
      'a dependency without an id',
      nupkg({ metadata: '<dependencies><dependency /></dependencies>' }),
      /depends on ""/,
    ],
    [
      'a version whose label has a leading zero',
      nupkg({ version: '1.0.0-beta.01' }),
      /NuGet's clients can't read this package: the version "1\.0\.0-beta\.01" has a number with a leading zero/,
    ],
    [
      'a dependency in an unreadable range',
      nupkg({ metadata: '<dependencies><dependency id="A" version="[2.0,1.0]" /></dependencies>' }),
      /depends on A in "\[2\.0,1\.0\]", which is not a range of versions/,
    ],
    [
      'a group of dependencies for an unreadable framework',
      nupkg({
        metadata: '<dependencies><group targetFramework=".NETFramework,Version=vX" /></dependencies>',
      }),
      /target framework "\.NETFramework,Version=vX" of a group of dependencies is not valid/,
    ],
    [
      'a client version that is not one',
      nupkg({ attributes: 'minClientVersion="new"' }),
      /minClientVersion "new" is not a version/,
    ],
    [
      'an entry with a path outside of the package',
      nupkg({ files: [{ path: '../evil', content: 'x' }] }),
      /can't be read/,
    ],
    ['a nuspec that is too large', withNuspec(' '.repeat(1 << 20) + nuspec()), /has more than 1048576 bytes/],
    [
      'a nuspec with a false size',
      zip([{ path: 'a.nuspec', content: ' '.repeat(1 << 22), statedSize: 10 }]),
      /can't be read/,
    ],
    ['an encrypted nuspec', zip([{ path: 'a.nuspec', content: nuspec(), flags: 1 }]), /is encrypted/],
    [
      'a zip bomb',
      nupkg({
        files: [0, 1, 2].map((index) => ({ path: `${index}`, content: 'x', statedSize: 0xfffffff0 })),
      }),
      /unpacks to more than/,
    ],
    ['a symbol package', snupkg({ files: [] }), /push it to the address ending in "\/symbolpackage"/],
  ] as const)('are rejected and leave nothing: %s', async ([, bytes, why]) => {
    const [status, message] = await pushInvalid(new Uint8Array(bytes));
    expect([status, message]).toEqual([400, expect.stringMatching(why)]);
    expect(nuget.errors).toEqual([]);
  });

  test('are rejected when the nuspec has too much metadata', async () => {
    const [status, message] = await pushInvalid(
      nupkg({ metadata: `<releaseNotes>${'"'.repeat(200_000)}</releaseNotes>` }),
    );
    expect([status, message]).toEqual([400, expect.stringMatching(/at most 300000 are allowed/)]);
  });

  test('are rejected for too many entries, while 2,000 are accepted', async () => {
    const files = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ path: `content/${index}`, content: '' }));
    expect((await nuget.push({ files: files(2000) })).response.status).toBe(201);
    // Of such an archive only the count in the end record of its directory is read.
    const many = Buffer.from(nupkg());
    many.writeUInt16LE(65_000, many.byteLength - 12);
    many.writeUInt16LE(65_000, many.byteLength - 14);
    const [, message] = await refusalOf((await nuget.push(new Uint8Array(many))).response);
    expect(message).toMatch(/more than 50000 entries/);
  });

  test('leave nothing when the push is cut off', async () => {
    const { body, headers } = pushForm(nupkg());
    const broken = async function* () {
      yield body.subarray(0, 700);
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    };
    const stream = ReadableStream.from(broken());
    expect((await nuget.send('PUT', '/', { headers, body: stream })).status).toBe(400);
    expect((await nuget.send('PUT', '/', { headers, body: body.subarray(0, 700) })).status).toBe(400);
    expect(await nuget.blobCount()).toBe(0);
    expect((await nuget.get('/download/acme.tool/index.json')).status).toBe(404);
    expect(nuget.errors).toEqual([]);
  });
});
