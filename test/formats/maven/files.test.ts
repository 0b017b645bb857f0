import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import type { PackageHead, Version } from '../../../services/domain/packages.ts';
import { sweepExpected } from '../../../services/registry/maintenance/collect/sweep-expected.ts';
import { maybeEntity } from '../../../services/registry/records/entities.ts';
import { indexes, keys } from '../../../services/registry/records/keys.ts';
import { queryAll } from '../../../services/registry/records/query-all.ts';
import { jar, mavenRepository, pom } from '../../kit/maven-repository.ts';
import { named } from '../../kit/names.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let project: Project;
let repository: ReturnType<typeof mavenRepository>;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
  repository = mavenRepository(app, project);
});

const app1 = 'com/example/app/1.0';
const hex = (algorithm: string, bytes: string | Uint8Array) =>
  createHash(algorithm).update(bytes).digest('hex');

async function stored<T>(key: 'head' | 'version', name = 'com/example/app', version = '1.0') {
  const ref = { projectId: project.id, format: 'maven', name: named.package(name) };
  const item = await app.registry.table.get(
    key === 'head' ? keys.head(ref) : keys.version(ref, named.version(version)),
  );
  return maybeEntity<T>(item);
}

describe('files', () => {
  test('are served byte for byte, with checksums at their own addresses and in headers', async () => {
    const bytes = jar();
    const created = await repository.put(`${app1}/app-1.0.jar`, bytes);
    expect([created.status, await created.json()]).toMatchObject([
      200,
      { file_name: 'app-1.0.jar', size: bytes.byteLength, file_sha1: hex('sha1', bytes) },
    ]);
    for (const level of ['project', 'group', 'instance'] as const) {
      const answer = await repository.get(`${app1}/app-1.0.jar`, level);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('application/java-archive');
      for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
        const digest = hex(algorithm, bytes);
        expect(answer.headers.get(`x-checksum-${algorithm}`)).toBe(digest);
        expect(await repository.text(`${app1}/app-1.0.jar.${algorithm}`, level)).toBe(digest);
      }
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
    expect(app.errors).toEqual([]);
  });

  test('of every kind belong to one version: POM, sources, signatures, module metadata, archives', async () => {
    const names = [
      '.jar',
      '.pom',
      '-sources.jar',
      '-javadoc.jar',
      '.jar.asc',
      '.module',
      '-bin.tar.gz',
      '-x.so',
    ];
    for (const name of names) {
      expect((await repository.put(`${app1}/app-1.0${name}`, `bytes of ${name}`)).status).toBe(200);
    }
    for (const name of names)
      expect(await repository.text(`${app1}/app-1.0${name}`)).toBe(`bytes of ${name}`);
    expect(await stored<PackageHead>('head')).toMatchObject({ versionCount: 1, revision: names.length });
    const listed = await app.send('GET', `/api/v4/projects/${project.id}/packages`, { token: app.rootToken });
    expect(await listed.json()).toMatchObject([
      { name: 'com/example/app', version: '1.0', package_type: 'maven' },
    ]);
  });

  test('make one package and are all stored when they are uploaded concurrently', async () => {
    const indexes = Array.from({ length: 30 }, (_, index) => index);
    const answers = await Promise.all(
      indexes.map((index) => repository.put(`${app1}/app-1.0-part${index}.jar`, `part ${index}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const index of indexes) {
      expect(await repository.text(`${app1}/app-1.0-part${index}.jar`)).toBe(`part ${index}`);
    }
    expect(await stored<PackageHead>('head')).toMatchObject({ versionCount: 1 });
  });

  test('may have a plus in their names, encoded or not', async () => {
    await repository.put('g/a/1.0+b/a-1.0%2Bb.jar', 'plus');
    expect(await repository.text('g/a/1.0%2Bb/a-1.0+b.jar')).toBe('plus');
  });

  test('answer 404 when they are missing, whatever the path, so that clients try another repository', async () => {
    await repository.put(`${app1}/app-1.0.jar`, 'x');
    for (const path of [
      `${app1}/app-1.0.pom`,
      `${app1}/app-1.0.pom.sha1`,
      'com/example/app/2.0/app-2.0.jar',
      'com/example/other/1.0/other-1.0.pom',
      'com/example/app/2.0-SNAPSHOT/maven-metadata.xml',
      'archetype-catalog.xml',
      '.meta/prefixes.txt',
      'com/example/app/maven-metadata.xml.asc',
      'g/a/1/%C3%A4.jar',
      '%zz/a/1/a.jar',
    ]) {
      const answer = await repository.get(path);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        404,
        'application/json',
      ]);
    }
    expect(app.errors).toEqual([]);
  });

  test('of a version in several projects come only from the project that published it first', async () => {
    const second = await app.project('second');
    const other = mavenRepository(app, second);
    await repository.put(`${app1}/app-1.0.jar`, 'first');
    await other.put(`${app1}/app-1.0.jar`, 'second');
    await other.put(`${app1}/app-1.0-sources.jar`, 'sources of the second');
    await other.put('com/example/app/2.0/app-2.0.jar', 'only in the second');
    expect(await repository.text(`${app1}/app-1.0.jar`, 'group')).toBe('first');
    expect(await repository.text(`${app1}/app-1.0-sources.jar`, 'group')).toBe(404);
    expect(await repository.text('com/example/app/2.0/app-2.0.jar', 'group')).toBe('only in the second');
  });

  test('of a version come from another project when those of the first were all deleted', async () => {
    const other = mavenRepository(app, await app.project('second'));
    const snapshot = 'com/example/app/1.0-SNAPSHOT';
    const paths = [`${app1}/app-1.0.jar`, `${snapshot}/app-1.0-SNAPSHOT.jar`];
    for (const path of paths) {
      await repository.put(path, 'first');
      await other.put(path, 'second');
      expect(await repository.text(path, 'group')).toBe('first');
    }
    const packages = `/api/v4/projects/${project.id}/packages`;
    const json = async (path: string) =>
      (await (await app.send('GET', path, { token: app.rootToken })).json()) as { id: number }[];
    for (const { id } of await json(packages)) {
      const files = `${packages}/${id}/package_files`;
      for (const file of await json(files)) {
        await app.send('DELETE', `${files}/${file.id}`, { token: app.rootToken });
      }
    }
    for (const path of paths) {
      expect(await repository.text(path, 'group')).toBe('second');
      expect(await repository.text(path)).toBe(404);
    }
    const metadata = `${snapshot}/maven-metadata.xml`;
    expect(await repository.text(metadata, 'group')).toContain('<snapshotVersion>');
    expect(await repository.text(metadata)).toBe(404);
  });
});

describe('checksums that clients send', () => {
  beforeEach(() => repository.put(`${app1}/app-1.0.jar`, 'the bytes'));

  test.each(['md5', 'sha1', 'sha256', 'sha512'])('are compared and not stored: %s', async (algorithm) => {
    const digest = hex(algorithm, 'the bytes');
    const path = `${app1}/app-1.0.jar.${algorithm}`;
    for (const text of [
      digest,
      `${digest}\n`,
      digest.toUpperCase(),
      `${digest}  app-1.0.jar`,
      `x= ${digest}`,
    ]) {
      expect([text, (await repository.put(path, text)).status]).toEqual([text, 204]);
    }
    const wrong = hex(algorithm, 'other bytes');
    const refused = await repository.put(path, wrong);
    expect(refused.status).toBe(409);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(await refused.json()).toMatchObject({
      status: 409,
      detail: expect.stringContaining(`The ${algorithm} checksum of app-1.0.jar is ${digest}, not ${wrong}`),
    });
    for (const text of ['', 'no checksum', digest.slice(1), `${digest}0`, 'a'.repeat(4096)]) {
      expect([text, (await repository.put(path, text)).status]).toEqual([text, 400]);
    }
    expect((await repository.put(path, 'a'.repeat(4097))).status).toBe(413);
    expect(await repository.text(path)).toBe(digest);
    expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
    expect(await stored<PackageHead>('head')).toMatchObject({ revision: 1 });
  });

  test('are accepted before their file, and compared when it comes', async () => {
    const pom = `${app1}/app-1.0.pom`;
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      const early = await repository.put(`${pom}.${algorithm}`, hex(algorithm, 'the POM'));
      expect([algorithm, early.status]).toEqual([algorithm, 204]);
    }
    expect((await repository.put(`${pom}.sha1`, 'none')).status).toBe(400);
    const refused = await repository.put(pom, 'another POM');
    expect([refused.status, await refused.json()]).toEqual([
      409,
      expect.objectContaining({ detail: expect.stringContaining('checksum of app-1.0.pom is') }),
    ]);
    expect(await repository.text(pom)).toBe(404);
    expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
  });

  test('count once: for the next upload of the file', async () => {
    const pom = `${app1}/app-1.0.pom`;
    await repository.put(`${pom}.sha1`, hex('sha1', 'the POM'));
    expect((await repository.put(pom, 'a rebuilt POM')).status).toBe(409);
    expect((await repository.put(pom, 'a rebuilt POM')).status).toBe(200);
    await repository.put(`${pom}.md5`, hex('md5', 'a rebuilt POM'));
    expect((await repository.put(pom, 'a later POM')).status).toBe(200);
    expect(await queryAll(app.registry.table, indexes.expectedDigests)).toEqual([]);
  });

  test('may come before a later upload of an older file', async () => {
    const pom = `${app1}/app-1.0.pom`;
    await repository.put(pom, 'the POM');
    expect((await repository.put(`${pom}.sha1`, hex('sha1', 'a later POM'))).status).toBe(409);
    app.clock.advance(61_000);
    expect((await repository.put(`${pom}.sha1`, hex('sha1', 'a later POM'))).status).toBe(204);
    expect((await repository.put(`${pom}.md5`, hex('md5', 'the POM'))).status).toBe(204);
    expect((await repository.put(pom, 'another POM')).status).toBe(409);
    expect((await repository.put(`${pom}.sha1`, hex('sha1', 'a later POM'))).status).toBe(204);
    expect((await repository.put(pom, 'a later POM')).status).toBe(200);
  });

  test('are compared if they come while the file is being stored, and do not refuse a later file', async () => {
    for (let round = 0; round < 40; round++) {
      const [pom, content] = [`${app1}/app-1.0-c${round}.txt`, `content ${round}`];
      const right = round % 2 === 0;
      const stated = right ? content : 'other content';
      const answers = await Promise.all([
        repository.put(pom, content),
        repository.put(`${pom}.sha1`, hex('sha1', stated)),
        repository.put(`${pom}.md5`, hex('md5', content)),
      ]);
      const statuses = answers.map(({ status }) => status);
      expect([right, statuses.includes(409)]).toEqual([right, !right]);
      expect((await repository.put(pom, `a later ${content}`)).status).toBe(200);
    }
  });

  test('count for ten minutes when their file does not come, and are swept after that', async () => {
    const pom = `${app1}/app-1.0.pom`;
    await repository.put(`${pom}.sha1`, hex('sha1', 'the POM'));
    await sweepExpected(app.registry);
    expect((await queryAll(app.registry.table, indexes.expectedDigests)).length).toBe(1);
    app.clock.advance(11 * 60_000);
    await sweepExpected(app.registry);
    expect(await queryAll(app.registry.table, indexes.expectedDigests)).toEqual([]);
    await repository.put(`${pom}.sha1`, hex('sha1', 'the POM'));
    app.clock.advance(11 * 60_000);
    expect((await repository.put(pom, 'another POM')).status).toBe(200);
  });

  test('may be checksums of checksums, which are made for reads', async () => {
    const path = `${app1}/app-1.0.jar.sha512.sha1`;
    expect((await repository.put(path, hex('sha1', hex('sha512', 'the bytes')))).status).toBe(204);
    expect(await repository.text(path)).toBe(hex('sha1', hex('sha512', 'the bytes')));
    expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
  });

  test('require the permission to publish, as does metadata', async () => {
    const { token } = await app.user('reader', { level: levels.reporter, of: project });
    const paths = [
      `${app1}/app-1.0.jar.sha1`,
      'com/example/app/maven-metadata.xml',
      'com/example/maven-metadata.xml',
    ];
    for (const path of paths) {
      expect([path, (await repository.put(path, hex('sha1', 'the bytes'), token)).status]).toEqual([
        path,
        403,
      ]);
    }
  });
});

describe('a file that is published again', () => {
  const rule = (settings: object) =>
    app.send('PUT', '/api/v4/groups/acme/package_settings', {
      token: app.rootToken,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });

  test('replaces the previous one, unless a group forbids it', async () => {
    await repository.put(`${app1}/app-1.0.jar`, 'one');
    expect((await repository.put(`${app1}/app-1.0.jar`, 'two')).status).toBe(200);
    expect(await repository.text(`${app1}/app-1.0.jar`)).toBe('two');
    expect((await rule({ maven_duplicates_allowed: false })).status).toBe(200);
    const refused = await repository.put(`${app1}/app-1.0.jar`, 'three');
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { message: 'Duplicate package is not allowed', detail: 'Duplicate package is not allowed' },
    ]);
    expect(await repository.text(`${app1}/app-1.0.jar`)).toBe('two');
    expect((await repository.put(`${app1}/app-1.0-sources.jar`, 'another file')).status).toBe(200);
    expect((await app.registry.blobs.list()).blobs).toHaveLength(3);
  });

  test('with the same bytes changes nothing, even where duplicates are forbidden', async () => {
    await rule({ maven_duplicates_allowed: false });
    const first = await (await repository.put(`${app1}/app-1.0.jar`, 'same')).json();
    const tries = await Promise.all(
      Array.from({ length: 5 }, () => repository.put(`${app1}/app-1.0.jar`, 'same')),
    );
    for (const again of tries) expect([again.status, await again.json()]).toEqual([200, first]);
    expect(await stored<PackageHead>('head')).toMatchObject({ revision: 1 });
    expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
  });

  test('is allowed by exceptions for its name or version', async () => {
    const exceptions = 'com/example/scratch|.*-SNAPSHOT';
    await rule({ maven_duplicates_allowed: false, maven_duplicate_exception_regex: exceptions });
    const again = async (path: string) => {
      await repository.put(path, 'one');
      return (await repository.put(path, 'two')).status;
    };
    expect(await again('com/example/scratch/1.0/scratch-1.0.jar')).toBe(200);
    expect(await again('com/example/app/1.0-SNAPSHOT/app-1.0-SNAPSHOT.jar')).toBe(200);
    expect(await again('com/example/app/1.0/app-1.0.jar')).toBe(400);
  });
});

describe('the metadata from a POM', () => {
  const facts = async () => (await stored<Version>('version'))?.metadata;

  test('is stored with the version, whichever file comes first', async () => {
    await repository.put(`${app1}/app-1.0.jar`, 'jar');
    expect(await facts()).toEqual({});
    const text =
      pom(`<parent><groupId>com.example</groupId><artifactId>parent</artifactId><version>1</version></parent>
      <artifactId>app</artifactId><name>App</name><description> Does\n things &amp; more </description>
      <licenses><license><name>Apache-2.0</name></license><license><url>https://l.example</url></license></licenses>
      <dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency>
      <dependency><groupId>g</groupId><artifactId>b</artifactId><scope>test</scope></dependency><dependency/></dependencies>`);
    await repository.put(`${app1}/app-1.0.pom`, text);
    const expected = {
      packaging: 'jar',
      name: 'App',
      description: 'Does\n things & more',
      parent: 'com.example:parent:1',
      licenses: ['Apache-2.0', 'https://l.example'],
      dependencies: [
        { groupId: 'g', artifactId: 'a', version: '1' },
        { groupId: 'g', artifactId: 'b', scope: 'test' },
      ],
    };
    expect(await facts()).toEqual(expected);
    await repository.put(`${app1}/app-1.0-sources.jar`, 'sources');
    expect(await facts()).toEqual(expected);
    await repository.put(`${app1}/app-1.0.pom`, pom('<packaging>pom</packaging>'));
    expect(await facts()).toEqual({ packaging: 'pom' });
  });

  test.each([
    ['not XML', 'not < xml'],
    ['another document', '<html/>'],
    [
      'XML with a document type',
      '<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]><project><name>&e;</name></project>',
    ],
    ['nested too deeply', '<project>'.repeat(200)],
    ['binary', Buffer.from([0xff, 0xfe, 0x00, 0xd8])],
    ['too large', pom(`<name>${'x'.repeat(1 << 20)}</name>`)],
    ['empty', ''],
  ])('is empty when the POM is %s, which is served unchanged', async (_, body) => {
    expect((await repository.put(`${app1}/app-1.0.pom`, body)).status).toBe(200);
    expect(await facts()).toEqual({});
    const answer = await repository.get(`${app1}/app-1.0.pom`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(body))).toBe(true);
    expect(app.errors).toEqual([]);
  });

  test('has a limited description and a limited number of dependencies', async () => {
    const dependency = '<dependency><groupId>g</groupId><artifactId>a</artifactId></dependency>';
    const many = `<dependencies>${dependency.repeat(1000)}</dependencies>`;
    await repository.put(`${app1}/app-1.0.pom`, pom(`<description>${'d'.repeat(5000)}</description>${many}`));
    const found = (await facts()) as { description: string; dependencies: unknown[] };
    expect([found.description.length, found.dependencies.length]).toEqual([1000, 300]);
  });

  test('is shortened to what the table can hold', async () => {
    const long = (name: string) => `<${name}>${'€'.repeat(1000)}</${name}>`;
    const fields = ['groupId', 'artifactId', 'version', 'scope'].map(long).join('');
    const text = pom(
      [...['name', 'description', 'url', 'packaging'].map(long), `<parent>${fields}</parent>`].join('') +
        `<licenses>${`<license>${long('name')}</license>`.repeat(20)}</licenses>` +
        `<dependencies>${`<dependency>${fields}</dependency>`.repeat(60)}</dependencies>`,
    );
    expect((await repository.put(`${app1}/app-1.0.pom`, text)).status).toBe(200);
    const found = (await facts()) as { licenses: unknown[]; dependencies: unknown[] };
    expect([found.licenses.length, found.dependencies.length]).toEqual([13, 16]);
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(300_000);
    expect(await repository.text(`${app1}/app-1.0.pom`)).toBe(text);
  });
});

describe('error answers', () => {
  test('give callers without permission the reason, as a problem that Maven prints', async () => {
    const anonymous = await app.send('PUT', `${repository.endpoints.project}/${app1}/app-1.0.jar`, {
      body: 'x',
    });
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="GitLab Packages Registry"',
    ]);
    expect(await anonymous.json()).toMatchObject({
      detail: expect.stringContaining('Unauthorized: the token is'),
    });
    const { token } = await app.user('reader', { level: levels.reporter, of: project });
    const refused = await repository.put(`${app1}/app-1.0.jar`, 'x', token);
    expect([refused.status, refused.statusText]).toEqual([
      403,
      expect.stringContaining('publishing needs the role'),
    ]);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  test('explain the valid form of a repository path', async () => {
    for (const path of ['app.jar', 'g/a/app.jar', 'g/a/1/%C3%A4.jar', '..%2f/a/1/a.jar', 'g/a/1/%zz']) {
      const refused = await repository.put(path, 'x');
      expect([path, refused.status]).toEqual([path, 400]);
      expect(await refused.text()).toContain('does not fit the Maven repository layout');
    }
  });

  test('leave nothing of an upload that is cut off', async () => {
    async function* broken() {
      yield Buffer.from('the first half');
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    const answer = await app.send('PUT', `${repository.endpoints.project}/${app1}/app-1.0.jar`, {
      token: app.rootToken,
      body: ReadableStream.from(broken()),
    });
    expect(answer.status).toBe(400);
    expect(await repository.text(`${app1}/app-1.0.jar`)).toBe(404);
    expect(await stored('head')).toBeUndefined();
  });
});

test.each([
  'com/example/app/maven-metadata-local.xml',
  'com/example/app/1.0/maven-metadata-central.xml.sha1',
  'com/example/app/1.0/_remote.repositories',
  'com/example/app/resolver-status.properties',
  'com/example/app/1.0/app-1.0.jar.lastUpdated',
])('a file of a local repository is accepted and makes no version: %s', async (path) => {
  expect((await repository.put(path, 'local')).status).toBe(200);
  expect(await repository.text(path)).toBe(404);
  const list = await app.send('GET', `/api/v4/projects/${project.id}/packages`, { token: app.rootToken });
  expect(await list.json()).toEqual([]);
});

test('the name of a snapshot without a timestamp is served from its newest build', async () => {
  const folder = 'com/example/app/1.0-SNAPSHOT';
  await repository.put(`${folder}/app-1.0-20260131.120000-1.jar`, 'one');
  await repository.put(`${folder}/app-1.0-20260131.130000-2.jar`, 'two');
  await repository.put(`${folder}/app-1.0-20260131.120000-1-sources.jar`, 'sources');
  expect(await repository.text(`${folder}/app-1.0-SNAPSHOT.jar`)).toBe('two');
  expect(await repository.text(`${folder}/app-1.0-SNAPSHOT.jar`, 'group')).toBe('two');
  expect(await repository.text(`${folder}/app-1.0-SNAPSHOT.jar.sha1`)).toBe(hex('sha1', 'two'));
  expect(await repository.text(`${folder}/app-1.0-SNAPSHOT-sources.jar`)).toBe('sources');
  expect(await repository.text(`${folder}/app-1.0-SNAPSHOT.pom`)).toBe(404);
  expect(await repository.text(`${folder}/app-1.0-20260131.140000-3.jar`)).toBe(404);
  await repository.put(`${folder}/app-1.0-SNAPSHOT.jar`, 'plain');
  expect(await repository.text(`${folder}/app-1.0-SNAPSHOT.jar`)).toBe('plain');
});
