import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../services/domain/access.ts';
import type { Group, Project } from '../../services/domain/accounts.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { addMember, startApp, type TestApp } from '../kit/start-app.ts';
import { toySample } from '../kit/toy-format/sample.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';
import type { Sample } from './samples/sample.ts';

/** Expects the same answer, so that a caller cannot distinguish hidden from missing. */
async function expectSame(one: Response, other: Response): Promise<void> {
  const facts = async ({ status, headers }: Response, text: string) => [
    status,
    // The challenge may contain the request path.
    headers.get('www-authenticate')?.replaceAll('nothing', 'hush'),
    text,
  ];
  expect(await facts(one, await one.text())).toEqual(await facts(other, await other.text()));
}

let app: TestApp;
beforeEach(async () => {
  app = await startApp({ formats: formatsWith(toySample) });
});

function sampleOf(id: string): Sample {
  const sample = everySample.find((each) => each.id === id);
  if (!sample) throw new Error(`${id} has no sample`);
  return sample;
}

const projectPath = (project: string, id: string) => prefixIn(sampleOf(id), 'project', project);
const groupPath = (group: string, id: string) => prefixIn(sampleOf(id), 'group', group);
const instancePath = (id: string) => prefixIn(sampleOf(id), 'instance');

async function publishTo(project: Project, sample: Sample, name: string, version = '1.0.0') {
  const upload = await sample.publish(name, version);
  const { method, path, headers, body } = upload;
  const answer = await app.send(method, projectPath(project.fullPath, sample.id) + path, {
    token: app.rootToken,
    ...(headers && { headers }),
    body,
  });
  expect([sample.id, answer.status < 300, answer.status]).toEqual([sample.id, true, answer.status]);
}

/** Malformed requests to formats whose routes read other items along with the package. */
const malformed: readonly (readonly [string, string])[] = [
  ['nuget', '/download/hush/bad/x'],
  ['nuget', '/metadata/hush/bad.json'],
  ['nuget', '/v2/package/hush/bad'],
  ['generic', '/hush/a..b/f'],
  ['toy2', '/hush/a..b/f'],
];

describe('a malformed request', () => {
  test.for(malformed)('for %s (%s) does not reveal a hidden project or package', async ([id, path]) => {
    const hidden = await app.project('hidden');
    await publishTo(hidden, sampleOf(id), 'hush');
    const { token } = await app.user('stranger');
    for (const credential of [{}, { token }]) {
      await expectSame(
        await app.send('GET', projectPath('acme/hidden', id) + path, credential),
        await app.send('GET', projectPath('acme/nothing', id) + path, credential),
      );
      const elsewhere = path.replace('hush', 'nothing');
      await expectSame(
        await app.send('GET', instancePath(id) + path, credential),
        await app.send('GET', instancePath(id) + elsewhere, credential),
      );
    }
  });
});

describe.for(everySample.map((sample) => ({ sample, id: sample.id })))(
  '$id in a hidden group',
  ({ sample }) => {
    let secret: Group;
    beforeEach(async () => {
      const { id: ownerId } = app.root;
      secret = await createGroup(app.registry, {
        name: 'Secret',
        path: 'secret',
        visibility: 'private',
        ownerId,
      });
    });

    test('does not reveal that the group exists', async () => {
      const project = await app.project('inside', 'private', secret);
      await publishTo(project, sample, 'hush');
      const { token } = await app.user('stranger');
      for (const credential of [{}, { token }]) {
        for (const path of [sample.file('hush', '1.0.0'), sample.file('other', '1.0.0')]) {
          await expectSame(
            await app.send('GET', groupPath('secret', sample.id) + path, credential),
            await app.send('GET', groupPath('no-group', sample.id) + path, credential),
          );
        }
      }
    });

    test('is served to members of a project in the group, for whom a missing package is not a missing group', async () => {
      const below = await app.subgroup('below', 'private', secret);
      const project = await app.project('inside', 'private', below);
      await publishTo(project, sample, 'hush');
      const { user, token } = await app.user('member');
      await addMember(app.registry, user, project, levels.reporter);
      const get = (path: string) => app.send('GET', groupPath('secret', sample.id) + path, { token });
      expect((await get(sample.file('hush', '1.0.0'))).status).toBe(200);
      const missing = await get(sample.file('other', '1.0.0'));
      expect([missing.status, await missing.text()]).toEqual([404, expect.not.stringContaining('Group')]);
    });
  },
);

describe.for(everySample.map((sample) => ({ sample, id: sample.id })))(
  '$id at instance level',
  ({ sample }) => {
    test('is served to members of a project even when many earlier projects hold the name', async () => {
      for (let n = 0; n < 60; n++) await publishTo(await app.project(`stranger-${n}`), sample, 'utils');
      const mine = await app.project('mine');
      await publishTo(mine, sample, 'utils', '2.0.0');
      const { token } = await app.user('member', { level: levels.reporter, of: mine });
      for (const base of [instancePath(sample.id), groupPath('acme', sample.id)]) {
        const answer = await app.send('GET', base + sample.file('utils', '2.0.0'), { token });
        expect([base, answer.status]).toEqual([base, 200]);
      }
    });

    test('has versions of one root namespace only', async () => {
      const { id: ownerId } = app.root;
      const other = await createGroup(app.registry, {
        name: 'Other',
        path: 'other',
        visibility: 'public',
        ownerId,
      });
      await publishTo(await app.project('first', 'public'), sample, 'lib', '1.0.0');
      await publishTo(await app.project('second', 'public', other), sample, 'lib', '2.0.0');
      const get = (version: string) =>
        app.send('GET', instancePath(sample.id) + sample.file('lib', version), {
          token: app.rootToken,
        });
      expect([(await get('1.0.0')).status, (await get('2.0.0')).status]).toEqual([200, 404]);
    });
  },
);

/** Formats whose clients send credentials only after a challenge. */
const challenged = everySample.filter(({ anonymousMissing }) => anonymousMissing === 401);

describe.for(challenged.map((sample) => ({ sample, id: sample.id })))(
  '$id above project level',
  ({ sample }) => {
    test('answers 401 to anonymous callers when a version of a public name is hidden or missing', async () => {
      await publishTo(await app.project('open', 'public'), sample, 'lib', '1.0.0');
      await publishTo(await app.project('closed'), sample, 'lib', '2.0.0');
      const { token } = await app.user('stranger');
      for (const base of [instancePath(sample.id), groupPath('acme', sample.id)]) {
        const statuses = async (credential: { token?: string }) =>
          Promise.all(
            ['1.0.0', '2.0.0', '3.0.0'].map(
              async (version) =>
                (await app.send('GET', base + sample.file('lib', version), credential)).status,
            ),
          );
        expect(await statuses({})).toEqual([200, 401, 401]);
        expect(await statuses({ token })).toEqual([200, 404, 404]);
      }
    });
  },
);

test('a scoped npm name is served at instance level only from the namespace of its scope', async () => {
  const npm = sampleOf('npm');
  const { id: ownerId } = app.root;
  const other = await createGroup(app.registry, {
    name: 'Other',
    path: 'other',
    visibility: 'public',
    ownerId,
  });
  await publishTo(await app.project('early', 'public', other), npm, '@acme/lib', '9.0.0');
  const own = await app.project('late', 'public');
  const get = (path: string) => app.send('GET', `/api/v4/packages/npm${path}`);
  expect((await get('/@acme%2flib')).status).toBe(404);
  await publishTo(own, npm, '@acme/lib', '1.0.0');
  type Packument = { versions: object; 'dist-tags': object };
  const packument = (await (await get('/@acme%2flib')).json()) as Packument;
  expect(Object.keys(packument.versions)).toEqual(['1.0.0']);
  expect(packument['dist-tags']).toEqual({ latest: '1.0.0' });
});

test('a change without a token answers 401 at every level', async () => {
  const npm = sampleOf('npm');
  const project = await app.project('open', 'public');
  await publishTo(project, npm, 'open');
  for (const base of [projectPath('acme/open', 'npm'), groupPath('acme', 'npm'), '/api/v4/packages/npm']) {
    const headers = { 'content-type': 'application/json' };
    for (const name of ['open', 'nothing']) {
      const path = `${base}/-/package/${name}/dist-tags/x`;
      const answer = await app.send('PUT', path, { headers, body: '"1.0.0"' });
      expect([path, answer.status]).toEqual([path, 401]);
    }
  }
});
