import { beforeEach, describe, expect, test } from 'vitest';
import type { Group, Project, User } from '../../services/domain/accounts.ts';
import { changeGroup } from '../../services/registry/accounts/change-group.ts';
import { changeProject } from '../../services/registry/accounts/change-project.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { createProject } from '../../services/registry/accounts/create-project.ts';
import { deleteGroupTree } from '../../services/registry/accounts/delete-group.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

const DAY = 24 * 3600 * 1000;
const actor = { kind: 'user', id: 1, name: 'root' } as const;

describe.each(everySample)('$id', (sample) => {
  let app: TestApp;
  let group: Group;
  let project: Project;
  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    group = await ghostOf(app.root);
    project = await app.project('lib', 'public', group);
  });

  const ghostOf = ({ id: ownerId }: User) =>
    createGroup(app.registry, { name: 'Ghost', path: 'ghost', visibility: 'public', ownerId });

  async function publish(to: string, token = app.rootToken, version = '1.0.0') {
    const { method, path, headers, body, bytes } = await sample.publish('sample', version);
    const response = await app.send(method, prefixIn(sample, 'project', to) + path, { token, headers, body });
    return { response, bytes };
  }

  const file = sample.file('sample', '1.0.0');
  const reads = [
    file,
    ...(sample.index ? [sample.index('sample')] : []),
    ...(sample.reads?.('sample', '1.0.0') ?? []),
    ...(sample.searches?.('sample') ?? []),
  ];
  const get = (url: string, token?: string) => app.send('GET', url, token === undefined ? {} : { token });
  const named = (level: 'project' | 'group' | 'instance', owner = '') => prefixIn(sample, level, owner);

  test('packages of a deleted group are not served under its paths, not even after a stranger has taken them', async () => {
    expect((await publish('ghost/lib')).response.status).toBeLessThan(300);
    await deleteGroupTree(app.registry, group, actor);
    const stranger = await app.user('stranger');
    const prefixes = [named('project', 'ghost/lib'), named('group', 'ghost'), prefixIn(sample, 'instance')];
    const expectNothing = async () => {
      for (const prefix of prefixes) {
        for (const token of [undefined, stranger.token]) {
          const { status } = await get(prefix + file, token);
          expect([prefix, status]).toEqual([prefix, token === undefined ? expect.any(Number) : 404]);
          expect(status).toBeGreaterThanOrEqual(400);
        }
      }
    };
    await expectNothing();
    await expect(ghostOf(stranger.user)).rejects.toMatchObject({
      fields: { path: ['has already been taken'] },
    });
    expect((await publish('ghost/lib', stranger.token)).response.status).toBe(404);
    await expectNothing();
    // Who takes the path when it is free again starts without packages.
    app.clock.advance(90 * DAY);
    const namespace = await ghostOf(stranger.user);
    const input = { namespace, name: 'Lib', path: 'lib', visibility: 'public' } as const;
    await createProject(app.registry, { ...input, creatorId: stranger.user.id });
    await expectNothing();
  });

  test('packages are served under the former paths of a renamed project and group, with unchanged links', async () => {
    const { bytes } = await publish('ghost/lib');
    const { token } = await app.user('reader');
    const before = await Promise.all(reads.map(async (path) => textOf(named('project', 'ghost/lib') + path)));
    await changeProject(app.registry, project, { path: 'library' }, actor);
    await changeGroup(app.registry, group, { path: 'spirit' }, actor);
    for (const owner of ['ghost/lib', 'ghost/library', 'spirit/library']) {
      const answer = await get(named('project', owner) + file, token);
      expect([owner, answer.status]).toEqual([owner, 200]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
    const after = await Promise.all(reads.map(async (path) => textOf(named('project', 'ghost/lib') + path)));
    expect(after).toEqual(before);
    expect((await get(named('instance') + file, token)).status).toBe(200);
    for (const owner of ['ghost', 'spirit']) {
      for (const path of [file, ...(sample.index ? [sample.index('sample')] : [])]) {
        const answer = await get(named('group', owner) + path, token);
        expect([owner, path, answer.status]).toEqual([owner, path, 200]);
      }
    }
  });

  async function textOf(url: string) {
    const answer = await get(url);
    return [url, answer.status, await answer.text()];
  }

  test('packages cannot be published or deleted under a former path, and the error names the present one', async () => {
    await changeProject(app.registry, project, { path: 'library' }, actor);
    const { response } = await publish('ghost/lib');
    const answer = (await response.text()) + response.statusText;
    expect([response.status, answer]).toEqual([404, expect.stringContaining('ghost/library')]);
    expect((await publish('ghost/library')).response.status).toBeLessThan(300);
    if (!sample.delete) return;
    const { method, path } = sample.delete('sample', '1.0.0');
    const url = named('project', 'ghost/lib') + path;
    expect((await app.send(method, url, { token: app.rootToken })).status).toBe(404);
    expect((await get(named('project', 'ghost/library') + file)).status).toBe(200);
  });

  test('a hidden project looks missing under its former path', async () => {
    await publish('ghost/lib');
    await changeProject(app.registry, project, { path: 'library', visibility: 'private' }, actor);
    const { token } = await app.user('stranger');
    for (const as of [undefined, token]) {
      for (const path of reads) {
        const hidden = await get(named('project', 'ghost/lib') + path, as);
        const absent = await get(named('project', 'ghost/bin') + path, as);
        expect([path, hidden.status, await hidden.text()]).toEqual([
          path,
          absent.status,
          (await absent.text()).replaceAll('ghost/bin', 'ghost/lib').replaceAll('ghost%2Fbin', 'ghost%2Flib'),
        ]);
      }
      const [one, other] = [await publish('ghost/lib', as ?? ''), await publish('ghost/bin', as ?? '')];
      expect([one.response.status, await one.response.text()]).toEqual([
        other.response.status,
        await other.response.text(),
      ]);
    }
  });
});
