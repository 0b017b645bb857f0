import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { changeStatuses } from '../../../services/registry/packages/change-versions.ts';
import { named } from '../../kit/names.ts';
import { npmPackage } from '../../kit/npm-package.ts';
import { errorOf, type NpmApp, startNpm } from '../../kit/npm-registry.ts';
import { rulesOf } from '../../kit/rules.ts';
import { deployToken } from '../../kit/start-app.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

const blobCount = async () => (await npm.registry.blobs.list()).blobs.length;

describe('publishing', () => {
  test('makes a package installable', async () => {
    const { response, tarball } = await npm.publish({
      fields: { description: 'A tool', bin: './cli.js', scripts: { postinstall: 'x' } },
      files: { 'cli.js': '', 'README.md': '# The tool' },
    });
    expect([response.status, await response.json()]).toEqual([
      200,
      { ok: true, success: true, id: '@acme/tool' },
    ]);
    const packument = await npm.packument();
    expect(packument['dist-tags']).toEqual({ latest: '1.0.0' });
    expect(packument.readme).toBe('# The tool');
    expect(packument.versions['1.0.0']).toMatchObject({
      name: '@acme/tool',
      version: '1.0.0',
      description: 'A tool',
      bin: { tool: 'cli.js' },
      hasInstallScript: true,
      _npmUser: { name: 'root' },
      dist: { fileCount: 4 },
    });
    const { dist } = packument.versions['1.0.0']!;
    expect(dist.tarball).toBe(`http://registry.test${npm.base}/@acme/tool/-/tool-1.0.0.tgz`);
    const download = await npm.send('GET', new URL(dist.tarball).pathname);
    expect(download.status).toBe(200);
    expect(download.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await download.arrayBuffer()).equals(tarball)).toBe(true);
    expect(npm.errors).toEqual([]);
  });

  test('accepts a name with a plain slash, as decoding gateways forward it', async () => {
    const { document } = await npmPackage();
    expect((await npm.put(`${npm.base}/@acme/tool`, document)).status).toBe(200);
    expect((await npm.send('GET', `${npm.base}/@acme/tool`)).status).toBe(200);
  });

  test('accepts a document in any order, even with the tarball first', async () => {
    const { document, path } = await npmPackage();
    const reversed = Object.fromEntries(Object.entries(document).reverse());
    expect(JSON.stringify(reversed).indexOf('_attachments')).toBeLessThan(5);
    expect((await npm.put(npm.base + path, reversed)).status).toBe(200);
    expect(Object.keys((await npm.packument()).versions)).toEqual(['1.0.0']);
  });

  test('accepts a body in small chunks', async () => {
    const { document, path } = await npmPackage({ files: { 'big.bin': Buffer.alloc(100_000, 'xyz') } });
    const bytes = Buffer.from(JSON.stringify(document));
    let at = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (at >= bytes.byteLength) controller.close();
        else controller.enqueue(new Uint8Array(bytes.subarray(at, at + 777)));
        at += 777;
      },
    });
    expect((await npm.send('PUT', npm.base + path, { body })).status).toBe(200);
  });

  test('removes build metadata from the version', async () => {
    expect((await npm.publish({ version: '1.0.0+build.5' })).response.status).toBe(200);
    const { versions } = await npm.packument();
    expect(versions['1.0.0']).toMatchObject({ version: '1.0.0' });
    expect((await npm.publish({ version: '1.0.0+build.6' })).response.status).toBe(403);
  });

  test('reads fields that the manifest lacks from the tarball', async () => {
    await npm.publish({
      fields: { dependencies: { a: '1' }, license: 'MIT' },
      sent: { dependencies: undefined, license: undefined },
    });
    expect((await npm.packument()).versions['1.0.0']).toMatchObject({
      dependencies: { a: '1' },
      license: 'MIT',
    });
  });

  test('accepts a deprecated package', async () => {
    await npm.publish({ fields: { deprecated: 'use another' } });
    expect((await npm.packument()).versions['1.0.0']).toMatchObject({ deprecated: 'use another' });
  });
});

test.each(['punycode', 'events', 'JSONStream', "@Acme/it's~(*)!"])(
  'a package with the name of a real one is published: %s',
  async (name) => {
    const { response } = await npm.publish({ name });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"ok":true')]);
    const { dist } = (await npm.packument(name)).versions['1.0.0'] ?? {};
    const tarball = await npm.send('GET', new URL(dist?.tarball ?? '').pathname);
    expect(tarball.status).toBe(200);
    expect((await npm.send('GET', `${npm.base}/${name.replace('/', '%2f')}/latest`)).status).toBe(200);
  },
);

describe('an invalid publish', () => {
  test('is rejected with a 403 that npm prints when the version exists', async () => {
    await npm.publish();
    const { response } = await npm.publish({ files: { 'other.js': '' } });
    expect([response.status, await response.json()]).toEqual([
      403,
      { error: 'Package already exists.', message: 'Package already exists.' },
    ]);
    expect(await blobCount()).toBe(1);
  });

  test.each<[string, Parameters<typeof npmPackage>[0]]>([
    ['dist.shasum is', { dist: { shasum: '0'.repeat(40) } }],
    ['dist.integrity is sha512-AAAA', { dist: { integrity: 'sha512-AAAA' } }],
    ['dist.integrity is sha256-AAAA', { dist: { integrity: 'sha256-AAAA' } }],
    [
      'name is "@acme/tool" in the published manifest but "@acme/other"',
      { fields: { name: '@acme/other' }, sent: { name: '@acme/tool' } },
    ],
    [
      'version is "1.0.0" in the published manifest but "2.0.0"',
      { fields: { version: '2.0.0' }, sent: { version: '1.0.0' } },
    ],
    [
      'dependencies["evil"] is missing',
      { fields: { dependencies: { evil: '1' } }, sent: { dependencies: {} } },
    ],
    ['dependencies["evil"] is "1"', { sent: { dependencies: { evil: '1' } } }],
    ['scripts.preinstall is missing', { fields: { scripts: { preinstall: 'evil' } }, sent: { scripts: {} } }],
    ['bin["tool"] is "a.js"', { fields: { bin: 'b.js' }, sent: { bin: { tool: 'a.js' } } }],
    ['The manifest is for "@acme/other"', { sent: { name: '@acme/other' } }],
    ['The manifest has the version "3.0.0"', { sent: { version: '3.0.0' } }],
    ['"one" is not a valid version', { version: 'one' }],
    ["can't be a tag", { tag: '1.x' }],
    ["can't be a tag", { tag: '\ud800' }],
    ['more than one tarball', { attachments: { 'b.tgz': { data: 'AAAA' } } }],
    ['neither a .tgz nor a .sigstore', { attachments: { 'b.txt': { data: 'hello' } } }],
    [
      'Two attachments have the same name',
      { attachments: { 'x/b.sigstore': { data: '{}' }, 'y/b.sigstore': { data: '{}' } } },
    ],
    ['is not a Sigstore bundle', { attachments: { 'b.sigstore': { data: '{}' } } }],
    ['is not allowed: it is longer than 214 characters', { name: `@acme/${'x'.repeat(214)}` }],
    ['The manifest has', { fields: { big: 'x'.repeat(200_000) }, sent: { more: 'x'.repeat(150_000) } }],
    ['body is invalid at dist-tags.latest', { sent: {}, tag: 'latest', version: '1.0.0', fields: {} }],
  ])('is rejected with the reason: %s', async (message, options) => {
    const { document, path } = await npmPackage(options);
    const broken = message.startsWith('body is invalid')
      ? { ...document, 'dist-tags': { latest: 1 } }
      : document;
    const response = await npm.put(npm.base + path, broken);
    expect([response.status, (await errorOf(response)).includes(message)]).toEqual([400, true]);
    expect(await blobCount()).toBe(0);
    expect(npm.errors).toEqual([]);
  });

  test.each([
    ['not valid JSON', 'nonsense'],
    ['an empty body', ''],
    ['JSON that ends early', '{"name":"@acme/tool","_attachments":{"a.tgz":{"data":"AAAA'],
    ['invalid base64', '{"_attachments":{"a.tgz":{"data":"!!!!"}}}'],
    ['an invalid tarball', '{"_attachments":{"a.tgz":{"data":"AAAA"}}}'],
    ['an empty tarball', '{"_attachments":{"a.tgz":{"data":""}}}'],
    ['a list', '[]'],
    ['nothing to publish', '{"name":"@acme/tool","versions":{},"_attachments":{}}'],
    ['deep nesting', '['.repeat(5000)],
  ])('is rejected when the body is %s', async (_case, body) => {
    const response = await npm.send('PUT', `${npm.base}/@acme%2ftool`, { body });
    expect([response.status, typeof (await errorOf(response))]).toEqual([400, 'string']);
    expect(await blobCount()).toBe(0);
    expect(npm.errors).toEqual([]);
  });

  test('is rejected when the document and the address name different packages', async () => {
    const { document } = await npmPackage();
    expect((await npm.put(`${npm.base}/@acme%2fother`, document)).status).toBe(400);
    expect(await blobCount()).toBe(0);
  });

  test('is rejected when the length of the attachment is wrong', async () => {
    const { document, path, tarball } = await npmPackage();
    const file = '@acme/tool-1.0.0.tgz';
    const attachment = { ...document._attachments[file], length: tarball.byteLength + 1 };
    const response = await npm.put(npm.base + path, { ...document, _attachments: { [file]: attachment } });
    expect(await errorOf(response)).toContain(`the request states a length of ${tarball.byteLength + 1}`);
    expect(await blobCount()).toBe(0);
  });

  test('is rejected when an attachment or the rest of the document is too large', async () => {
    async function* pieces(start: string, piece: string, count: number) {
      yield Buffer.from(start);
      for (let index = 0; index < count; index++) yield Buffer.from(piece);
    }
    const kib = 'x'.repeat(1024);
    const bodies = [
      pieces('{"readme":"', kib, 33 * 1024),
      pieces('{"_attachments":{"a.sigstore":{"data":"', kib, 5 * 1024),
    ];
    for (const body of bodies) {
      const stream = ReadableStream.from(body) as unknown;
      const response = await npm.send('PUT', `${npm.base}/@acme%2ftool`, { body: stream });
      expect(response.status).toBe(413);
      expect(await errorOf(response)).toContain('bytes');
    }
  });

  test.each([
    ['before the tarball', false],
    ['after the tarball', true],
  ])(
    'is rejected for more than 4 MB of document %s, which a change without a tarball may have',
    async (_case, last) => {
      const { document, path } = await npmPackage();
      const { _attachments, ...rest } = document;
      const large = { ...rest, readme: 'x'.repeat(5 << 20) };
      const body = last ? { _attachments, ...large } : { ...large, _attachments };
      const response = await npm.put(npm.base + path, body);
      expect([response.status, await errorOf(response)]).toEqual([
        413,
        'The package document has more than 4194304 bytes without its attachments',
      ]);
      expect(await blobCount()).toBe(0);
      expect((await npm.publish()).response.status).toBe(200);
      expect((await npm.put(npm.base + path, large)).status).toBe(200);
    },
  );

  test('is rejected when a small document has so many values that they would fill the memory', async () => {
    for (const piece of ['{},', '[],', '0,', '[{"a":0}],']) {
      const body = `{"name":"@acme/tool","x":[${piece.repeat(1_000_001)}0]}`;
      const response = await npm.send('PUT', `${npm.base}/@acme%2ftool`, { body });
      expect([response.status, await errorOf(response)]).toEqual([
        413,
        expect.stringContaining('more than 1000000 values'),
      ]);
    }
  });

  test('is rejected without a token, with a wrong one, and from callers who may only read', async () => {
    const { user, token: reporter } = await npm.user('reporter', { level: levels.reporter, of: npm.tools });
    expect(user.username).toBe('reporter');
    const reads = await deployToken(npm.registry, npm.tools, ['read_package_registry']);
    const writes = await deployToken(npm.registry, npm.tools, ['write_package_registry']);
    const developer = await npm.user('developer', { level: levels.developer, of: npm.tools });
    const statusFor = async (token: string, version = '1.0.0') =>
      (await npm.publish({ token, version })).response.status;
    expect(await statusFor('')).toBe(401);
    expect(await statusFor('phat-wrong')).toBe(401);
    expect(await statusFor(reporter)).toBe(403);
    expect(await statusFor(reads.secret)).toBe(403);
    expect(await statusFor(writes.secret)).toBe(200);
    expect(await statusFor(developer.token, '2.0.0')).toBe(200);
    const { versions } = await npm.packument();
    expect(versions['1.0.0']).toMatchObject({ _npmUser: { name: writes.token.username } });
  });

  test('gets a challenge that npm explains, without words that npm would misinterpret', async () => {
    const { response } = await npm.publish({ token: '' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="npm"');
    expect(await response.text()).toBe('{"error":"Unauthorized","message":"Unauthorized"}');
  });

  test('is rejected at group and instance level, with a hint', async () => {
    const { document, path } = await npmPackage();
    for (const prefix of ['/api/v4/groups/acme/-/packages/npm', '/api/v4/packages/npm']) {
      const response = await npm.put(prefix + path, document);
      expect([response.status, await errorOf(response)]).toEqual([
        405,
        'Publish to a project: this address only serves packages',
      ]);
    }
  });
});

describe('provenance', () => {
  const bundleFor = (tarballSha512: string, name = 'pkg:npm/%40acme/tool@1.0.0') => {
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name, digest: { sha512: tarballSha512 } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {},
    };
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      dsseEnvelope: {
        payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
        signatures: [{ sig: 'x' }],
      },
    };
  };

  async function publishWith(make: (sha512: string) => object) {
    const { createHash } = await import('node:crypto');
    const built = await npmPackage();
    const bundle = make(createHash('sha512').update(built.tarball).digest('hex'));
    const data = JSON.stringify(bundle);
    const attachment = {
      content_type: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      data,
      length: data.length,
    };
    const _attachments = { ...built.document._attachments, '@acme/tool-1.0.0.sigstore': attachment };
    return { bundle, response: await npm.put(npm.base + built.path, { ...built.document, _attachments }) };
  }

  test('is stored, announced in the packument, and served as npm verifies it', async () => {
    const { bundle, response } = await publishWith((sha512) => bundleFor(sha512));
    expect(response.status).toBe(200);
    const { attestations } = (await npm.packument()).versions['1.0.0']!.dist;
    const url = `http://registry.test${npm.base}/-/npm/v1/attestations/@acme%2ftool@1.0.0`;
    expect(attestations).toEqual({ url, provenance: { predicateType: 'https://slsa.dev/provenance/v1' } });
    for (const path of [
      new URL(url).pathname,
      '/api/v4/packages/npm/-/npm/v1/attestations/@acme/tool@1.0.0',
    ]) {
      const answer = await npm.send('GET', path);
      expect(await answer.json()).toEqual({
        attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', bundle }],
      });
    }
  });

  test('is not served for an unserved version', async () => {
    await publishWith((sha512) => bundleFor(sha512));
    const actor = { kind: 'user', id: npm.root.id, name: 'root' } as const;
    const change = {
      project: npm.tools,
      actor,
      format: rulesOf('npm'),
      name: named.package('@acme/tool'),
      versions: [named.version('1.0.0')],
    };
    await changeStatuses(npm.registry, change, () => 'error');
    for (const prefix of [npm.base, '/api/v4/packages/npm']) {
      const answer = await npm.send('GET', `${prefix}/-/npm/v1/attestations/@acme/tool@1.0.0`);
      expect([prefix, answer.status]).toEqual([prefix, 404]);
    }
  });

  test('is rejected when it is about other bytes or another package', async () => {
    for (const make of [
      () => bundleFor('00'),
      (sha512: string) => bundleFor(sha512, 'pkg:npm/%40acme/other@1.0.0'),
    ]) {
      const { response } = await publishWith(make);
      expect([response.status, await errorOf(response)]).toEqual([
        400,
        '@acme/tool-1.0.0.sigstore does not attest pkg:npm/%40acme/tool@1.0.0 with the SHA-512 of the tarball',
      ]);
      expect(await blobCount()).toBe(0);
    }
  });

  test('answers 404 when it is missing', async () => {
    await npm.publish();
    for (const spec of ['@acme%2ftool@1.0.0', '@acme%2ftool@9.0.0', '@acme%2fother@1.0.0', 'nonsense']) {
      expect((await npm.send('GET', `${npm.base}/-/npm/v1/attestations/${spec}`)).status).toBe(404);
    }
  });
});

describe('concurrent publishes', () => {
  test('of a hundred versions of a new package all succeed', async () => {
    const all = Array.from({ length: 100 }, (_, index) => `1.0.${index}`);
    const statuses = await Promise.all(
      all.map(async (version) => (await npm.publish({ version })).response.status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { versions, _rev } = await npm.packument();
    expect(Object.keys(versions)).toEqual(all);
    expect(_rev).toMatch(/^100-/);
    expect(npm.errors).toEqual([]);
  });

  test('of the same version succeed exactly once', async () => {
    const built = await Promise.all(
      Array.from({ length: 10 }, (_, index) => npmPackage({ files: { 'which.txt': String(index) } })),
    );
    const statuses = await Promise.all(
      built.map(async ({ document, path }) => (await npm.put(npm.base + path, document)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 403)).toHaveLength(9);
    const winner = built[statuses.indexOf(200)];
    const download = await npm.send('GET', `${npm.base}/@acme/tool/-/tool-1.0.0.tgz`);
    expect(Buffer.from(await download.arrayBuffer()).equals(winner!.tarball)).toBe(true);
    expect(await blobCount()).toBe(1);
  });
});
