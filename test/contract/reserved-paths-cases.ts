import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Group, Project, User } from '../../services/domain/accounts.ts';
import { changeGroup } from '../../services/registry/accounts/change-group.ts';
import { changeProject } from '../../services/registry/accounts/change-project.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { createProject } from '../../services/registry/accounts/create-project.ts';
import { createUser } from '../../services/registry/accounts/create-user.ts';
import { deleteGroupTree } from '../../services/registry/accounts/delete-group.ts';
import { findGroup, findProject } from '../../services/registry/accounts/find-accounts.ts';
import { issueDeployToken } from '../../services/registry/accounts/issue-token.ts';
import { removeProject, restoreProject } from '../../services/registry/accounts/remove-project.ts';
import { purgeFormerPaths } from '../../services/registry/accounts/reserved-paths.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { named } from '../kit/names.ts';
import { bytesOf, keeping } from '../kit/publish.ts';
import { runBeforeWrite, type WritesMatch } from '../kit/racing-writes.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

const DAY = 24 * 3600 * 1000;
const taken = { code: 'invalidRequest', fields: { path: ['has already been taken'] } };

/** Paths that several ask for at once, on the stores `open` opens. */
export function describeReservedPaths(name: string, open: () => Promise<OpenedStores>): void {
  describe(`reserved paths on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let owner: User;
    let strangers: readonly User[];
    let group: Group;
    let project: Project;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp({ ...opened, settings: { retention: 7 * DAY } });
      owner = await user('owner');
      strangers = [await user('stranger'), await user('other-stranger')];
      group = await create(owner);
      const input = { namespace: group, name: 'Lib', path: 'lib', creatorId: owner.id };
      project = await createProject(app.registry, input);
    });
    afterEach(() => close());

    const actor = { kind: 'user', id: 1, name: 'root' } as const;

    const user = (username: string) =>
      createUser(app.registry, { username, name: username, email: `${username}@example.com` });
    const create = ({ id }: User) =>
      createGroup(app.registry, { name: 'Ghost', path: 'ghost', ownerId: id, by: { userId: id } });
    const remove = () => deleteGroupTree(app.registry, group, actor);

    async function publish(): Promise<void> {
      const { blob } = await stageBlob(app.registry, bytesOf('bytes'), { limit: 1000 });
      await publishVersion(app.registry, {
        project,
        actor,
        format: keeping,
        name: named.package('tool'),
        version: named.version('1'),
        metadata: {},
        files: [{ fileName: named.file('a.bin'), contentType: 'text/plain', blob }],
      });
    }

    const removesProject: WritesMatch = (writes) =>
      writes.some((write) => 'delete' in write && write.delete.pk === keys.project(project.id).pk);
    const outcomes = async (attempts: readonly Promise<unknown>[]) =>
      (await Promise.allSettled(attempts)).map((each) =>
        each.status === 'fulfilled' ? 'made' : each.reason,
      );

    test('a user and a deploy token that are made at the same moment never have the same name', async () => {
      const newUser = (username: string) => () =>
        createUser(app.registry, { username, name: 'New', email: `${username}@example.com` });
      const newToken = (username: string) => () =>
        issueDeployToken(
          app.registry,
          { kind: 'project', id: project.id },
          {
            ...{ name: 'ci', scopes: ['read_package_registry'], expiresAt: null, username },
          },
        );
      const isUser: WritesMatch = (writes) =>
        writes.some((write) => 'put' in write && 'username' in write.put && 'admin' in write.put);
      const isToken: WritesMatch = (writes) =>
        writes.some((write) => 'put' in write && write.put.kind === 'project-deploy');
      runBeforeWrite(app.registry.table, isUser, newToken('first'));
      await expect(newUser('First')()).rejects.toMatchObject(taken);
      runBeforeWrite(app.registry.table, isToken, newUser('second'));
      await expect(newToken('Second')()).rejects.toMatchObject({ code: 'invalidRequest' });
      for (let round = 0; round < 5; round++) {
        const made = await Promise.allSettled([newUser(`name-${round}`)(), newToken(`name-${round}`)()]);
        expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      }
      // Tokens may share a name, also one that is the path of a group.
      await newToken('first')();
      await newToken(group.path)();
    });

    test('cannot be taken by strangers while the group is being deleted', async () => {
      await publish();
      const asked = strangers.flatMap((stranger) => [create(stranger), create(stranger)]);
      const [removed, ...others] = await outcomes([remove(), ...asked]);
      expect(removed).toBe('made');
      expect(others).toEqual(others.map(() => expect.objectContaining(taken)));
      await expect(create(strangers[0] ?? owner)).rejects.toMatchObject(taken);
      expect(await create(owner)).toMatchObject({ fullPath: 'ghost' });
    });

    test('go to the owner when strangers try to take them at the same time', async () => {
      await publish();
      await remove();
      const found = await outcomes([...strangers.map(create), create(owner), ...strangers.map(create)]);
      expect(found.filter((each) => each === 'made')).toHaveLength(1);
      expect(found[strangers.length]).toBe('made');
    });

    test('go to one of two strangers who try to take them at once after the reservation has ended', async () => {
      await publish();
      await remove();
      app.clock.advance(90 * DAY);
      const found = await outcomes(strangers.map(create));
      expect(found).toHaveLength(2);
      expect(found).toContain('made');
      expect(found).toContainEqual(expect.objectContaining(taken));
      expect(await findGroup(app.registry.table, 'ghost')).toMatchObject({ fullPath: 'ghost' });
    });

    test('exist if the first package is published right before the deletion', async () => {
      runBeforeWrite(app.registry.table, removesProject, publish);
      await remove();
      for (const stranger of strangers) await expect(create(stranger)).rejects.toMatchObject(taken);
    });

    test('do not exist if the first publish comes right after the deletion, and is refused', async () => {
      await remove();
      await expect(publish()).rejects.toMatchObject({ code: 'projectNotFound' });
      expect(await app.registry.table.get(keys.project(project.id))).toBeUndefined();
      expect(await create(strangers[0] ?? owner)).toMatchObject({ fullPath: 'ghost' });
    });

    test('exist if the first package is published right before the project is renamed', async () => {
      const changes: WritesMatch = (writes) =>
        writes.some((write) => 'update' in write && write.update.pk === keys.project(project.id).pk);
      runBeforeWrite(app.registry.table, changes, publish);
      await changeProject(app.registry, project, { path: 'new' }, actor);
      const route = await app.registry.table.get(keys.route(named.path('ghost/lib')));
      expect(route).toMatchObject({ state: 'moved', until: app.clock.now() + 90 * DAY });
    });

    test('exist below a renamed group if the first package is published right before the rename', async () => {
      const moves: WritesMatch = (writes) =>
        writes.some((write) => 'update' in write && write.update.pk === keys.project(project.id).pk);
      runBeforeWrite(app.registry.table, moves, publish);
      await changeGroup(app.registry, group, { path: 'spirit' }, actor);
      for (const path of ['ghost', 'ghost/lib']) {
        const route = await app.registry.table.get(keys.route(named.path(path)));
        expect(route).toMatchObject({ state: 'moved', until: app.clock.now() + 90 * DAY });
      }
    });

    test('contain no project that was created while its group was being renamed', async () => {
      const input = { namespace: group, creatorId: owner.id };
      const names = Array.from({ length: 5 }, (_, n) => `p${n}`);
      const [renamed, ...made] = await outcomes([
        changeGroup(app.registry, group, { path: 'spirit' }, actor),
        ...names.map((each) => createProject(app.registry, { ...input, name: each, path: each })),
      ]);
      expect(renamed).toBe('made');
      for (const [index, each] of names.entries()) {
        const found = await findProject(app.registry.table, `spirit/${each}`);
        expect([each, found?.fullPath]).toEqual([
          each,
          made[index] === 'made' ? `spirit/${each}` : undefined,
        ]);
        expect(await findProject(app.registry.table, `ghost/${each}`)).toBeUndefined();
      }
    });

    test('are not deleted by the sweep if they were taken again in the meantime', async () => {
      await publish();
      await remove();
      app.clock.advance(90 * DAY);
      const deletesRoute: WritesMatch = (writes) =>
        writes.some((write) => 'delete' in write && write.delete.pk === keys.route(named.path('ghost')).pk);
      runBeforeWrite(app.registry.table, deletesRoute, () => create(owner));
      await purgeFormerPaths(app.registry);
      expect(await findGroup(app.registry.table, 'ghost')).toMatchObject({ fullPath: 'ghost' });
    });

    test('are available to a removed project that is restored', async () => {
      await publish();
      const found = await findProject(app.registry.table, 'ghost/lib');
      await removeProject(app.registry, found ?? project, actor);
      expect(await findProject(app.registry.table, 'ghost/lib')).toBeUndefined();
      await restoreProject(app.registry, project.id, actor);
      expect(await findProject(app.registry.table, 'ghost/lib')).toMatchObject({ id: project.id });
      await removeProject(app.registry, project, actor);
      const again = { namespace: group, name: 'Lib', path: 'lib', creatorId: owner.id };
      const [made, restored] = await outcomes([
        createProject(app.registry, again),
        restoreProject(app.registry, project.id, actor),
      ]);
      expect([made, restored].filter((each) => each === 'made')).toHaveLength(1);
    });
  });
}
