import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { recordCalls, sequentialTrips } from '../../../bench/measure/record-calls.ts';
import { memoryBlobStore } from '../../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../../services/adapters/memory/memory-table.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { changeStatuses } from '../../../services/registry/packages/change-versions.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { removeVersion } from '../../../services/registry/removal/remove-version.ts';
import { childOf, childrenOf, readXml, textOf } from '../../../services/shared/xml/read-xml.ts';
import { jar, mavenRepository } from '../../kit/maven-repository.ts';
import { named } from '../../kit/names.ts';
import { rulesOf } from '../../kit/rules.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

const recorder = recordCalls();
let app: TestApp;
let project: Project;
let repository: ReturnType<typeof mavenRepository>;
beforeEach(async () => {
  app = await startApp({
    stores: {
      table: recorder.table('table', memoryTable()),
      blobs: recorder.blobs(memoryBlobStore()),
    },
  });
  project = await app.project('tools');
  repository = mavenRepository(app, project);
});

type Level = keyof typeof repository.endpoints;

async function publish(...versions: string[]): Promise<void> {
  for (const version of versions)
    await repository.put(`com/example/app/${version}/app-${version}.jar`, version);
}

async function parsed(path: string, level: Level = 'project') {
  const text = await repository.text(`${path}/maven-metadata.xml`, level);
  return typeof text === 'string' ? readXml(Buffer.from(text)) : text;
}

async function versioning(path: string, level: Level = 'project') {
  const metadata = await parsed(path, level);
  if (typeof metadata === 'number') return metadata;
  const found = childOf(metadata, 'versioning');
  return {
    latest: textOf(found, 'latest'),
    release: textOf(found, 'release'),
    versions: childrenOf(childOf(found, 'versions'), 'version').map(({ text }) => text),
  };
}

/** Expects that the checksums of a document, as documents and in its headers, match it. */
async function expectChecksums(path: string, level: Level): Promise<void> {
  const answer = await repository.get(path, level);
  const text = await answer.text();
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
    const digest = createHash(algorithm).update(text).digest('hex');
    expect(await repository.text(`${path}.${algorithm}`, level)).toBe(digest);
    if (algorithm.length < 5) expect(answer.headers.get(`x-checksum-${algorithm}`)).toBe(digest);
  }
}

describe('the metadata of an artifact', () => {
  test('is rendered from the stored versions, byte for byte', async () => {
    await publish('1.10', '1.9', '2.0-SNAPSHOT', '1.10-rc1');
    expect(
      await repository.text('com/example/app/maven-metadata.xml'),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>com.example</groupId>
  <artifactId>app</artifactId>
  <versioning>
    <latest>2.0-SNAPSHOT</latest>
    <release>1.10</release>
    <versions>
      <version>1.9</version>
      <version>1.10-rc1</version>
      <version>1.10</version>
      <version>2.0-SNAPSHOT</version>
    </versions>
    <lastUpdated>${new Date(app.clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, 14)}</lastUpdated>
  </versioning>
</metadata>
`);
  });

  test('has no release while there are only snapshots', async () => {
    await publish('1.0-SNAPSHOT');
    expect(await versioning('com/example/app')).toEqual({
      latest: '1.0-SNAPSHOT',
      release: undefined,
      versions: ['1.0-SNAPSHOT'],
    });
  });

  test('accepts but ignores the metadata that clients upload', async () => {
    await publish('1.0');
    const claim =
      '<metadata><versioning><latest>9</latest><versions><version>9</version></versions></versioning></metadata>';
    for (const path of [
      'com/example/app',
      'com/example',
      'com/example/app/1.0-SNAPSHOT',
      'com/example/app/1.0',
    ]) {
      for (const [ending, body] of [
        ['', claim],
        ['.sha1', 'da39'],
        ['.md5', 'x'],
        ['.asc', 'signature'],
        ['.asc.sha1', 'da39'],
      ] as const) {
        const url = `${path}/maven-metadata.xml${ending}`;
        expect([url, (await repository.put(url, body)).status]).toEqual([url, 200]);
        if (ending.startsWith('.asc')) expect(await repository.text(url)).toBe(404);
      }
    }
    expect(await versioning('com/example/app')).toMatchObject({ latest: '1.0', versions: ['1.0'] });
    expect(await versioning('com/example/app/1.0-SNAPSHOT')).toBe(404);
    expect(await versioning('com/example')).toBe(404);
    expect((await repository.put('com/example/app/maven-metadata.xml', Buffer.alloc(17 << 20))).status).toBe(
      413,
    );
    expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
  });

  test('reflects publishes and deletions, as do its checksums', async () => {
    for (const version of ['1.0', '1.1', '1.2-SNAPSHOT']) {
      await publish(version);
      for (const level of ['project', 'group', 'instance'] as const) {
        await expectChecksums('com/example/app/maven-metadata.xml', level);
        expect(await versioning('com/example/app', level)).toMatchObject({ latest: version });
      }
    }
    const listed = await app.send('GET', `/api/v4/projects/${project.id}/packages`, { token: app.rootToken });
    for (const { id } of (await listed.json()) as { id: number }[]) {
      const path = `/api/v4/projects/${project.id}/packages/${id}`;
      expect((await app.send('DELETE', path, { token: app.rootToken })).status).toBe(204);
    }
    expect(await versioning('com/example/app')).toBe(404);
    expect(await repository.text('com/example/app/maven-metadata.xml.sha1')).toBe(404);
  });

  test('at group level has the versions of all projects and the time of the last change', async () => {
    await publish('1.0');
    app.clock.advance(60_000);
    const other = mavenRepository(app, await app.project('other'));
    await other.put('com/example/app/1.1/app-1.1.jar', 'x');
    for (const level of ['group', 'instance'] as const) {
      expect(await versioning('com/example/app', level)).toMatchObject({ versions: ['1.0', '1.1'] });
      await expectChecksums('com/example/app/maven-metadata.xml', level);
      const text = String(await repository.text('com/example/app/maven-metadata.xml', level));
      const changed = new Date(app.clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, 14);
      expect(text).toContain(`<lastUpdated>${changed}</lastUpdated>`);
    }
    expect(await versioning('com/example/app')).toMatchObject({ versions: ['1.0'] });
  });
});

describe('the metadata of a snapshot', () => {
  const base = 'com/example/app/1.0-SNAPSHOT';
  const file = (build: string, rest: string) =>
    repository.put(`${base}/app-1.0-${build}${rest}`, build + rest);

  async function builds(level: Level = 'project') {
    const metadata = await parsed(base, level);
    if (typeof metadata === 'number') return metadata;
    const found = childOf(metadata, 'versioning');
    const snapshot = childOf(found, 'snapshot');
    return {
      build: snapshot && `${textOf(snapshot, 'timestamp')}-${textOf(snapshot, 'buildNumber')}`,
      files: childrenOf(childOf(found, 'snapshotVersions'), 'snapshotVersion').map((each) =>
        [textOf(each, 'classifier') ?? '', textOf(each, 'extension'), textOf(each, 'value')].join(' '),
      ),
    };
  }

  test('has no files of a removed version, and is missing for an unserved one', async () => {
    const actor = { kind: 'user', id: app.root.id, name: 'root' } as const;
    const version = {
      project,
      actor,
      format: 'maven',
      name: named.package('com/example/app'),
      version: named.version('1.0-SNAPSHOT'),
    };
    await file('20260131.120000-1', '.jar');
    await file('20260131.120000-1', '-sources.jar');
    await removeVersion(app.registry, version);
    expect(await builds()).toBe(404);
    await file('20260131.120100-2', '.jar');
    expect(await builds()).toMatchObject({ files: [' jar 1.0-20260131.120100-2'] });
    expect(await repository.text(`${base}/app-1.0-20260131.120000-1-sources.jar`)).toBe(404);
    const change = { ...version, format: rulesOf('maven'), versions: [version.version] };
    await changeStatuses(app.registry, change, () => 'processing');
    for (const level of ['project', 'group', 'instance'] as const) {
      expect([level, await builds(level)]).toEqual([level, 404]);
    }
  });

  test('lists the newest file of each kind, byte for byte', async () => {
    await file('20260131.120000-1', '.jar');
    await file('20260131.120000-1', '.pom');
    await file('20260131.120000-1', '-sources.jar');
    await file('20260131.120100-2', '.jar');
    await file('20260131.120100-2', '.pom');
    const now = new Date(app.clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, 14);
    const entry = (classifier: string, extension: string, value: string, updated: string) =>
      [
        '      <snapshotVersion>',
        ...(classifier ? [`        <classifier>${classifier}</classifier>`] : []),
        `        <extension>${extension}</extension>`,
        `        <value>${value}</value>`,
        `        <updated>${updated}</updated>`,
        '      </snapshotVersion>',
      ].join('\n');
    expect(await repository.text(`${base}/maven-metadata.xml`)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>com.example</groupId>
  <artifactId>app</artifactId>
  <version>1.0-SNAPSHOT</version>
  <versioning>
    <snapshot>
      <timestamp>20260131.120100</timestamp>
      <buildNumber>2</buildNumber>
    </snapshot>
    <lastUpdated>${now}</lastUpdated>
    <snapshotVersions>
${entry('', 'jar', '1.0-20260131.120100-2', '20260131120100')}
${entry('sources', 'jar', '1.0-20260131.120000-1', '20260131120000')}
${entry('', 'pom', '1.0-20260131.120100-2', '20260131120100')}
    </snapshotVersions>
  </versioning>
</metadata>
`);
    for (const level of ['project', 'group', 'instance'] as const) {
      await expectChecksums(`${base}/maven-metadata.xml`, level);
      expect(await builds(level)).toMatchObject({ build: '20260131.120100-2' });
    }
  });

  test('names a build only when it has a POM, if any build has one', async () => {
    await file('20260131.120000-1', '.jar');
    expect(await builds()).toMatchObject({ build: '20260131.120000-1' });
    await file('20260131.120000-1', '.pom');
    await file('20260131.120100-2', '.jar');
    expect(await builds()).toEqual({
      build: '20260131.120000-1',
      files: [' jar 1.0-20260131.120100-2', ' pom 1.0-20260131.120000-1'],
    });
    await file('20260131.120100-2', '.pom');
    expect(await builds()).toMatchObject({ build: '20260131.120100-2' });
  });

  test('orders builds with the same timestamp by number, and the files of all can be downloaded', async () => {
    for (const build of ['20260131.120000-10', '20260131.120000-9', '20260131.115900-11']) {
      await file(build, '.pom');
    }
    expect(await builds()).toEqual({
      build: '20260131.120000-10',
      files: [' pom 1.0-20260131.120000-10'],
    });
    expect(await repository.text(`${base}/app-1.0-20260131.120000-9.pom`)).toBe('20260131.120000-9.pom');
  });

  test('loses no file of two builds that are deployed at once, each by the metadata it has read', async () => {
    const numbers = ['20260131.120000-1', '20260131.120001-1'];
    const endings = ['.pom', '.jar', '-sources.jar'];
    async function deploy(build: string): Promise<void> {
      const before = await repository.text(`${base}/maven-metadata.xml`);
      const sent = await Promise.all(endings.map((ending) => file(build, ending)));
      const metadata = `<metadata><versioning><snapshot><timestamp>${build}</timestamp></snapshot></versioning></metadata>`;
      sent.push(await repository.put(`${base}/maven-metadata.xml`, metadata));
      expect([before, ...sent.map(({ status }) => status)]).toEqual([404, 200, 200, 200, 200]);
    }
    await Promise.all(numbers.map(deploy));
    for (const build of numbers) {
      for (const ending of endings) {
        expect(await repository.text(`${base}/app-1.0-${build}${ending}`)).toBe(build + ending);
      }
    }
    const newest = numbers[1];
    expect(await builds()).toEqual({
      build: newest,
      files: [` jar 1.0-${newest}`, `sources jar 1.0-${newest}`, ` pom 1.0-${newest}`],
    });
  });

  test('lists files without build numbers until there are builds', async () => {
    await repository.put(`${base}/app-1.0-SNAPSHOT.jar`, 'one');
    await repository.put(`${base}/app-1.0-SNAPSHOT.jar`, 'two');
    await repository.put(`${base}/app-1.0-SNAPSHOT-sources.jar`, 'sources');
    expect(await builds()).toEqual({
      build: undefined,
      files: [' jar 1.0-SNAPSHOT', 'sources jar 1.0-SNAPSHOT'],
    });
    expect(await repository.text(`${base}/app-1.0-SNAPSHOT.jar`)).toBe('two');
    await file('20260131.120000-1', '.jar');
    expect(await builds()).toEqual({
      build: '20260131.120000-1',
      files: [' jar 1.0-20260131.120000-1', 'sources jar 1.0-SNAPSHOT'],
    });
  });

  test('ignores files with other names', async () => {
    await repository.put(`${base}/notes.txt`, 'x');
    expect(await builds()).toEqual({ build: undefined, files: [] });
  });

  test('covers the last thousand files', async () => {
    const numbers = Array.from({ length: 1010 }, (_, index) => index);
    const nameOf = (number: number) =>
      `2026013${1 + Math.floor(number / 1000)}.12${String(number % 1000).padStart(4, '0')}-1`;
    await Promise.all(numbers.map((number) => file(nameOf(number), number === 0 ? '-old.jar' : '.jar')));
    expect(await builds()).toEqual({
      build: nameOf(1009),
      files: [` jar 1.0-${nameOf(1009)}`],
    });
  });

  test('includes a file even when another has more than a thousand older copies', async () => {
    const named = (rest: string, content: string) =>
      repository.put(`${base}/app-1.0-SNAPSHOT${rest}`, content);
    await named('-a.jar', 'first by name');
    await named('.pom', 'pom');
    for (let copy = 0; copy < 1_005; copy++) await named('.jar', `copy ${copy}`);
    expect(await builds()).toEqual({
      build: undefined,
      files: [' jar 1.0-SNAPSHOT', 'a jar 1.0-SNAPSHOT', ' pom 1.0-SNAPSHOT'],
    });
  });

  test('comes from the first of several projects that have the version', async () => {
    await file('20260131.120000-1', '.pom');
    const other = mavenRepository(app, await app.project('other'));
    await other.put(`${base}/app-1.0-20260201.120000-2.pom`, 'x');
    expect(await builds('group')).toMatchObject({ build: '20260131.120000-1' });
  });

  test('excludes deleted files and versions', async () => {
    await file('20260131.120000-1', '.pom');
    await file('20260131.120100-2', '.pom');
    const packages = `/api/v4/projects/${project.id}/packages`;
    const [found] = (await (await app.send('GET', packages, { token: app.rootToken })).json()) as {
      id: number;
    }[];
    const path = `${packages}/${found?.id}/package_files`;
    const files = (await (await app.send('GET', path, { token: app.rootToken })).json()) as {
      id: number;
      file_name: string;
    }[];
    const newest = files.find(({ file_name }) => file_name.endsWith('-2.pom'));
    await app.send('DELETE', `${path}/${newest?.id}`, { token: app.rootToken });
    expect(await builds()).toMatchObject({ build: '20260131.120000-1' });
    await app.send('DELETE', `${packages}/${found?.id}`, { token: app.rootToken });
    expect(await builds()).toBe(404);
  });
});

describe('the metadata of a group', () => {
  const plugin = (artifactId: string, prefix: string, version = '1.0', at = repository) =>
    at.put(`com/example/${artifactId}/${version}/${artifactId}-${version}.jar`, jar({ artifactId, prefix }));

  async function prefixes(level: Level = 'project') {
    const metadata = await parsed('com/example', level);
    if (typeof metadata === 'number') return metadata;
    return childrenOf(childOf(metadata, 'plugins'), 'plugin').map((each) =>
      [textOf(each, 'prefix'), textOf(each, 'artifactId')].join(' '),
    );
  }

  test('lists the plugins whose jars were published, byte for byte', async () => {
    await plugin('hello-maven-plugin', 'hello');
    await repository.put('com/example/app/1.0/app-1.0.jar', jar());
    expect(
      await repository.text('com/example/maven-metadata.xml'),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <plugins>
    <plugin>
      <name>The hello-maven-plugin &amp; more</name>
      <prefix>hello</prefix>
      <artifactId>hello-maven-plugin</artifactId>
    </plugin>
  </plugins>
</metadata>
`);
    for (const level of ['project', 'group', 'instance'] as const) {
      expect(await prefixes(level)).toEqual(['hello hello-maven-plugin']);
      await expectChecksums('com/example/maven-metadata.xml', level);
    }
  });

  test('reflects new plugins, changed prefixes and deleted plugins', async () => {
    await plugin('b-maven-plugin', 'b');
    await plugin('a-maven-plugin', 'a');
    expect(await prefixes('group')).toEqual(['a a-maven-plugin', 'b b-maven-plugin']);
    await plugin('a-maven-plugin', 'z', '2.0');
    expect(await prefixes('group')).toEqual(['z a-maven-plugin', 'b b-maven-plugin']);
    const packages = `/api/v4/projects/${project.id}/packages`;
    const listed = await app.send('GET', `${packages}?package_name=a-maven-plugin`, { token: app.rootToken });
    for (const { id } of (await listed.json()) as { id: number }[]) {
      await app.send('DELETE', `${packages}/${id}`, { token: app.rootToken });
    }
    expect(await prefixes('group')).toEqual(['b b-maven-plugin']);
  });

  test('leaves out a plugin whose stored metadata is damaged, and logs it once', async () => {
    await plugin('a-maven-plugin', 'a');
    await plugin('b-maven-plugin', 'b');
    const group = { projectId: project.id, format: 'maven', name: named.package('com/example') };
    const key = keys.subpackage(group, named.package('com/example/a-maven-plugin'));
    await app.registry.table.update(key, { set: { metadata: { prefix: 7 } } });
    for (const level of ['project', 'group', 'instance'] as const) {
      expect(await prefixes(level)).toEqual(['b b-maven-plugin']);
    }
    const facts = { project: project.id, format: 'maven', package: 'com/example' };
    expect(app.errors).toEqual([
      {
        message: 'metadata of a subpackage not readable',
        ...{ ...facts, subpackage: 'com/example/a-maven-plugin' },
      },
    ]);
  });

  test('lists the plugins of all projects', async () => {
    await plugin('a-maven-plugin', 'a');
    await plugin('b-maven-plugin', 'b', '1.0', mavenRepository(app, await app.project('other')));
    expect(await prefixes('group')).toEqual(['a a-maven-plugin', 'b b-maven-plugin']);
    expect(await prefixes()).toEqual(['a a-maven-plugin']);
  });

  test('shares one document with an artifact of the same path', async () => {
    await repository.put('com/example/1.0/example-1.0.jar', jar());
    await plugin('a-maven-plugin', 'a');
    expect(await prefixes()).toEqual(['a a-maven-plugin']);
    expect(await versioning('com/example')).toMatchObject({ versions: ['1.0'] });
  });

  test('includes plugins of snapshots, but not of jars with a classifier', async () => {
    const bytes = jar({ artifactId: 's-maven-plugin', prefix: 's' });
    const base = 'com/example/s-maven-plugin/1-SNAPSHOT';
    await repository.put(`${base}/s-maven-plugin-1-20260131.120000-1-tests.jar`, bytes);
    expect(await prefixes()).toBe(404);
    await repository.put(`${base}/s-maven-plugin-1-20260131.120000-1.jar`, bytes);
    expect(await prefixes()).toEqual(['s s-maven-plugin']);
  });

  test.each([
    ['a jar that is not an archive', Buffer.from('PK\u0003\u0004 or so')],
    ['an empty jar', Buffer.alloc(0)],
    ['a truncated jar', Buffer.from(jar({ artifactId: 'x-maven-plugin', prefix: 'x' })).subarray(0, 300)],
    ['a descriptor of another artifact', jar({ artifactId: 'other-maven-plugin', prefix: 'x' })],
    ['an invalid prefix', jar({ artifactId: 'x-maven-plugin', prefix: 'a b/c' })],
    ['a descriptor that is not XML', jar({ artifactId: 'x-maven-plugin', prefix: '<' })],
  ])('excludes %s, which is stored nevertheless', async (_, bytes) => {
    const path = 'com/example/x-maven-plugin/1.0/x-maven-plugin-1.0.jar';
    expect((await repository.put(path, bytes)).status).toBe(200);
    expect(await prefixes()).toBe(404);
    expect(Buffer.from(await (await repository.get(path)).arrayBuffer()).equals(bytes)).toBe(true);
    expect(app.errors).toEqual([]);
  });

  test('lists all of many plugins that were published concurrently', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `p${String(index).padStart(2, '0')}`);
    await Promise.all(names.map((name) => plugin(`${name}-maven-plugin`, name)));
    expect(await prefixes('group')).toEqual(names.map((name) => `${name} ${name}-maven-plugin`));
  });
});

test.each(['com/example', 'com/example/app', 'com/example/app/1.0-SNAPSHOT'])(
  'a repeated read of the metadata of %s makes few sequential table calls and no blob call',
  async (path) => {
    await repository.put('com/example/app/1.0-SNAPSHOT/app-1.0-SNAPSHOT.jar', jar({ prefix: 'app' }));
    const most = { project: 2, group: 3, instance: 3 } as const;
    for (const level of ['project', 'group', 'instance'] as const) {
      for (const ending of ['', '.sha1']) {
        const read = () => repository.text(`${path}/maven-metadata.xml${ending}`, level);
        await read();
        recorder.take();
        expect(await read()).toEqual(expect.any(String));
        const calls = recorder.take();
        expect(calls.every(({ store }) => store === 'table')).toBe(true);
        expect(sequentialTrips(calls)).toBeGreaterThan(0);
        expect(sequentialTrips(calls)).toBeLessThanOrEqual(most[level]);
      }
    }
  },
);
