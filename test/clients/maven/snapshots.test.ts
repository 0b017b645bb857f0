import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type RecordedRequest, type RecordingProxy, startRecordingProxy } from '../../kit/recording-proxy.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type MavenUser, maven3, mavenUser } from './maven-client.ts';
import { aggregate, module } from './modules.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

const snapshot = '1-SNAPSHOT';
const group = freshGroup();

let ground: Playground;
let proxy: RecordingProxy;
let developer: MavenUser;
let reader: MavenUser;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  proxy = await startRecordingProxy(ground.url);
  if (maven3.missing) return;
  const servers = [
    { id: 'packhouse', token: ground.tokens['group deploy'], carrier: 'Private-Token' },
  ] as const;
  developer = await mavenUser(maven3, { servers });
  reader = await mavenUser(maven3, { servers });
});
afterAll(async () => {
  await developer?.remove();
  await reader?.remove();
  await proxy?.stop();
  await ground?.remove();
});

/** The artifacts and their versions: two snapshots, and releases that are deployed twice. */
const artifacts = { seen: snapshot, resting: snapshot, same: '1.0', other: '1.0', excepted: '1.0' } as const;
type Artifact = keyof typeof artifacts;

/** Whether requests are checked: files that are served by links to a bucket come without their checksums. */
const watched = inject('registry').log !== undefined;
const throughProxy = (url: string) => ({
  id: 'packhouse',
  url: watched ? url.replace(ground.url, proxy.url) : url,
});

/** Checks the requests for an artifact. */
function expectRequests(
  artifact: Artifact,
  requests: readonly RecordedRequest[],
  expected: readonly string[],
) {
  if (watched) expect(requestsFor(artifact, requests)).toEqual(expected);
}

/** Writes modules of the developer, each with a file of this name in its jar. */
async function writeModules(words: Readonly<Partial<Record<Artifact, string>>>): Promise<void> {
  const { space } = developer;
  const deploy = throughProxy(ground.endpoint('maven', ground.project));
  // Without the build time in it, a jar has the same bytes each time it is built.
  const time = '<project.build.outputTimestamp>2026-01-01T00:00:00Z</project.build.outputTimestamp>';
  await space.write('pom.xml', aggregate(group, Object.keys(artifacts)));
  for (const [artifact, word] of Object.entries(words)) {
    const pom = module({ group, artifact, version: artifacts[artifact as Artifact], deploy });
    await space.write(`${artifact}/pom.xml`, pom.replace('<properties>', `<properties>${time}`));
    await space.write(`${artifact}/src/main/resources/${word}.txt`, 'words');
  }
}

function requestsFor(artifact: Artifact, requests: readonly RecordedRequest[]): string[] {
  return requests
    .filter(({ path }) => path.includes(`/${artifact}/`))
    .map(({ method, status, path }) => {
      const file = path
        .split('/')
        .at(-1)
        ?.replace(/\d{8}\.\d{6}-\d/, 'BUILD');
      return `${method} ${status} ${file}`;
    });
}

const put = (artifact: Artifact, ending: string) => [
  `PUT 200 ${artifact}-1-BUILD.${ending}`,
  `PUT 204 ${artifact}-1-BUILD.${ending}.sha1`,
  `PUT 204 ${artifact}-1-BUILD.${ending}.md5`,
];

async function expectInstalled(artifact: Artifact, word: string): Promise<void> {
  const jar = await reader.local(`${pathOfGroup(group)}/${artifact}/${snapshot}/${artifact}-${snapshot}.jar`);
  expect([artifact, jar.includes(`${word}.txt`)]).toEqual([artifact, true]);
}

async function filesOf(artifact: Artifact): Promise<string[]> {
  const path = `/projects/${ground.project.id}/packages`;
  const name = `${pathOfGroup(group)}/${artifact}`;
  const found = await ground.accounts.call('GET', `${path}?package_name=${encodeURIComponent(name)}`);
  const packages = found as unknown as { id: number }[];
  expect(packages).toHaveLength(1);
  const files = await ground.accounts.call('GET', `${path}/${packages[0]?.id}/package_files?per_page=100`);
  return (files as unknown as { file_name: string }[]).map(({ file_name }) => file_name);
}

/** The jar of version 1.0. */
async function jarOf(artifact: Artifact): Promise<Buffer> {
  const file = `${pathOfGroup(group)}/${artifact}/1.0/${artifact}-1.0.jar`;
  const answer = await fetch(`${ground.endpoint('maven', ground.project)}/${file}`, {
    headers: { 'private-token': ground.readOnly.secret },
  });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

describeTool(maven3, () => {
  test('requests each file once, and no checksum that came with it', async () => {
    const first = 'Boskoop';
    await writeModules({ seen: first, resting: first, same: first, other: first, excepted: first });
    await succeeded(developer.mvn('deploy'));
    const metadata = ['', '.sha1', '.md5'].map((ending) => `PUT 200 maven-metadata.xml${ending}`);
    expectRequests('seen', proxy.take(), [
      'GET 404 maven-metadata.xml',
      ...put('seen', 'pom'),
      ...put('seen', 'jar'),
      'GET 200 maven-metadata.xml',
      ...metadata,
      ...metadata,
    ]);
    const needs = (['seen', 'resting'] as const).map((artifact) => [artifact, `needs-${artifact}`] as const);
    await reader.space.write(
      'pom.xml',
      aggregate(
        'reader',
        needs.map(([, name]) => name),
      ),
    );
    for (const [artifact, name] of needs) {
      const from = throughProxy(ground.endpoint('maven', ground.group));
      const wanted = { group, artifact, version: snapshot };
      await reader.space.write(
        `${name}/pom.xml`,
        module({ group: 'reader', artifact: name, needs: wanted, from }),
      );
    }
    await succeeded(reader.mvn('compile'));
    const requests = proxy.take();
    for (const [artifact] of needs) {
      expectRequests(artifact, requests, [
        'GET 200 maven-metadata.xml',
        `GET 200 ${artifact}-1-BUILD.pom`,
        `GET 200 ${artifact}-1-BUILD.jar`,
      ]);
      await expectInstalled(artifact, first);
    }
  });

  test('deploys a version again with the same bytes, but not with others, if the group refuses duplicates', async () => {
    const settings = {
      maven_duplicates_allowed: false,
      maven_duplicate_exception_regex: '.*(-SNAPSHOT|/excepted).*',
    };
    await ground.accounts.call('PUT', `/groups/${ground.group.id}/package_settings`, settings);
    await writeModules({ seen: 'Elstar', other: 'Elstar', excepted: 'Elstar' });
    const seen = await failed(developer.mvn('--fail-at-end', '--projects=!resting', 'deploy'));
    const errors = seen.split('Failed to execute goal').slice(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('on project other:');
    expect(errors[0]).toContain('Duplicate package is not allowed');
    const has = async (artifact: Artifact) => (await jarOf(artifact)).includes('Elstar.txt');
    expect([await has('same'), await has('other'), await has('excepted')]).toEqual([false, false, true]);
    if (watched) expect(requestsFor('same', proxy.take())).toContain('PUT 200 same-1.0.jar');
  });

  test('numbers snapshots, and builds with the newest one', async () => {
    await succeeded(reader.mvn('compile'));
    const requests = proxy.take();
    const files = ['GET 200 seen-1-BUILD.pom', 'GET 200 seen-1-BUILD.jar'];
    expectRequests('seen', requests, ['GET 200 maven-metadata.xml', ...files]);
    // Files that did not change are not requested again.
    expectRequests('resting', requests, ['GET 200 maven-metadata.xml']);
    await expectInstalled('seen', 'Elstar');
    await expectInstalled('resting', 'Boskoop');
    const numbers = (await filesOf('seen')).map((name) => /\d{8}\.\d{6}-(\d+)/.exec(name)?.[1]);
    expect(numbers.sort()).toEqual(['1', '1', '2', '2']);
  });
});
