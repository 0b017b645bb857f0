import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../services/domain/access.ts';
import type { Group, Project } from '../../services/domain/accounts.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { deleteGroupTree } from '../../services/registry/accounts/delete-group.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { named } from '../kit/names.ts';
import { addMember, startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';
import { useSample } from './samples/use-sample.ts';

describe.each(everySample)('a name of $id', (sample) => {
  let app: TestApp;
  /** A project older than the owner's, in another root namespace. */
  let strangers: Project;
  let victim: Group;
  const name = 'corplib';

  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    strangers = await app.project('older', 'public', await groupOf('mallory'));
    victim = await groupOf('victim');
  });

  const groupOf = (path: string) =>
    createGroup(app.registry, { name: path, path, visibility: 'public', ownerId: app.root.id });

  const publish = (to: Project, version: string, content?: string, named = name) =>
    useSample(app, sample).publish(to, named, version, content);
  const get = (url: string, token?: string) => useSample(app, sample).get(url, token);
  const serves = (url: string, bytes: Uint8Array, token?: string) =>
    useSample(app, sample).serves(url, bytes, token);

  const instance = prefixIn(sample, 'instance');

  /** Everything that the instance serves about the name: its index, searches and lists. */
  async function told(token: string): Promise<readonly (readonly [string, number, string])[]> {
    await app.runJobs();
    const paths = [sample.index?.(name) ?? [], sample.hotReads?.(name) ?? [], sample.searches?.(name) ?? []];
    return Promise.all(
      paths.flat().map(async (path) => {
        const { status, text } = await get(instance + path, token);
        return [path, status, text.replace(/"time":"[^"]*"/, '')] as const;
      }),
    );
  }

  const versionOf = (project: Project, version: string) => ({
    project,
    actor: { kind: 'user', id: app.root.id, name: 'root' } as const,
    format: sample.id,
    name: named.package(sample.storedName?.(name) ?? name),
    version: named.version(version),
  });

  describe('at instance level', () => {
    test('is not taken over by an older project of another namespace', async () => {
      const project = await app.project('own', 'public', victim);
      const bytes = await publish(project, '1.0.0');
      const { token } = await app.user('reader');
      const before = await told(token);
      await publish(strangers, '1.0.0', ' of a stranger');
      await publish(strangers, '99.0.0', ' of a stranger');
      expect(await told(token)).toEqual(before);
      for (const caller of [undefined, token, app.rootToken]) {
        expect(await serves(instance + sample.file(name, '1.0.0'), bytes, caller)).toBe(true);
        const foreign = await get(instance + sample.file(name, '99.0.0', ' of a stranger'), caller);
        expect(foreign.status).toBe(caller === undefined ? sample.anonymousMissing : 404);
      }
      expect(
        (await get(prefixIn(sample, 'project', strangers.id) + sample.file(name, '99.0.0', ' of a stranger')))
          .status,
      ).toBe(200);
    });

    test('of a private project is missing to whoever may not read it, never served from elsewhere', async () => {
      const project = await app.project('own', 'private', victim);
      const { token: stranger } = await app.user('stranger');
      const before = await told(stranger);
      const bytes = await publish(project, '1.0.0');
      await publish(strangers, '1.0.0', ' of a stranger');
      await publish(strangers, '99.0.0', ' of a stranger');
      for (const version of ['1.0.0', '99.0.0']) {
        const path = instance + sample.file(name, version, ' of a stranger');
        expect((await get(path)).status).toBe(sample.anonymousMissing);
        expect((await get(path, stranger)).status).toBe(404);
      }
      expect(await told(stranger)).toEqual(before);
      // A member of both projects, such as a bot that was added to the stranger's.
      const { user, token } = await app.user('bot', { level: levels.reporter, of: project });
      await addMember(app.registry, user, strangers, levels.reporter);
      expect(await serves(instance + sample.file(name, '1.0.0'), bytes, token)).toBe(true);
      expect((await get(instance + sample.file(name, '99.0.0', ' of a stranger'), token)).status).toBe(404);
    });

    test('is not free again once its last version is deleted', async () => {
      const project = await app.project('own', 'public', victim);
      await publish(project, '1.0.0');
      await removeVersion(app.registry, versionOf(project, '1.0.0'));
      await publish(strangers, '2.0.0');
      expect((await get(instance + sample.file(name, '2.0.0'), app.rootToken)).status).toBe(404);
      const bytes = await publish(project, '3.0.0');
      expect(await serves(instance + sample.file(name, '3.0.0'), bytes, app.rootToken)).toBe(true);
    });

    test('is not free again once its root namespace is deleted', async () => {
      await publish(await app.project('own', 'public', victim), '1.0.0');
      await deleteGroupTree(app.registry, victim, { kind: 'user', id: app.root.id, name: 'root' });
      await publish(strangers, '2.0.0');
      expect((await get(instance + sample.file(name, '2.0.0'), app.rootToken)).status).toBe(404);
    });

    test('belongs to one of two namespaces that publish it first at the same time', async () => {
      const project = await app.project('own', 'public', victim);
      const both = await Promise.all([
        publish(project, '1.0.0'),
        publish(strangers, '1.0.0', ' of a stranger'),
      ]);
      const files = [sample.file(name, '1.0.0'), sample.file(name, '1.0.0', ' of a stranger')];
      const served = await Promise.all(
        both.map((bytes, index) => serves(instance + (files[index] ?? ''), bytes, app.rootToken)),
      );
      expect(served.filter(Boolean)).toHaveLength(1);
      for (const [index, { id }] of [project, strangers].entries()) {
        const url = prefixIn(sample, 'project', id) + (files[index] ?? '');
        expect(await serves(url, both[index] ?? new Uint8Array(), app.rootToken)).toBe(true);
      }
    });

    test('is served from where an administrator moved it', async () => {
      await publish(await app.project('own', 'public', victim), '1.0.0');
      const bytes = await publish(strangers, '2.0.0');
      const stored = sample.storedName?.(name) ?? name;
      const moved = await administer('PUT', 'names', { name: stored, namespace_id: 'mallory' });
      expect(moved.status).toBe(200);
      expect(await serves(instance + sample.file(name, '2.0.0'), bytes, app.rootToken)).toBe(true);
      expect((await get(instance + sample.file(name, '1.0.0'), app.rootToken)).status).toBe(404);
    });

    test('is served from nowhere once an administrator released it, until it is published again', async () => {
      const project = await app.project('own', 'public', victim);
      await publish(project, '1.0.0');
      await publish(strangers, '2.0.0');
      const released = await administer('DELETE', 'names', { name: sample.storedName?.(name) ?? name });
      expect(released.status).toBe(204);
      for (const version of ['1.0.0', '2.0.0']) {
        expect((await get(instance + sample.file(name, version), app.rootToken)).status).toBe(404);
      }
      const bytes = await publish(strangers, '3.0.0');
      expect(await serves(instance + sample.file(name, '3.0.0'), bytes, app.rootToken)).toBe(true);
      expect((await get(instance + sample.file(name, '1.0.0'), app.rootToken)).status).toBe(404);
    });

    const { bound: example } = sample;
    if (example) {
      test('below a bound prefix belongs to that namespace, whoever published it', async () => {
        const { prefix, name: below } = example;
        await publish(strangers, '1.0.0', ' of a stranger', below);
        const bound = await administer('PUT', 'prefixes', { prefix, namespace_id: 'victim' });
        expect(bound.status).toBe(200);
        const foreign = sample.file(below, '1.0.0', ' of a stranger');
        expect((await get(instance + foreign, app.rootToken)).status).toBe(404);
        const project = await app.project('own', 'public', victim);
        const bytes = await publish(project, '1.0.0', '', below);
        expect(await serves(instance + sample.file(below, '1.0.0'), bytes, app.rootToken)).toBe(true);
        expect(await serves(instance + foreign, await strangersBytes(below), app.rootToken)).toBe(false);
      });
    }

    const strangersBytes = async (below: string) =>
      (await sample.publish(below, '1.0.0', ' of a stranger')).bytes;

    /** Changes the owner of a name, or where a prefix is bound, as an administrator. */
    function administer(method: string, what: 'names' | 'prefixes', parameters: object): Promise<Response> {
      return app.send(method, `/api/v4/admin/package_${what}`, {
        token: app.rootToken,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ package_type: sample.id, ...parameters }),
      });
    }
  });
});
