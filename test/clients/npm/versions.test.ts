import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, type NpmUser, npmUser } from './npm-client.ts';
import { installedFiles, putPackage, writePackage } from './packages.ts';
import { newestClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
let registry: string;
/** Packages of which npm has deprecated a version, and unpublished one. */
let old: string;
let gone: string;
const users: NpmUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  registry = ground.endpoint('npm', ground.project);
  const owner = await userOf(npm12);
  old = scoped('old');
  await put(old, '1.0.0');
  await succeeded(owner.use('deprecate', `${old}@1.0.0`, 'it leaks; take 2.0'));
  gone = scoped('gone');
  await put(gone, '1.0.0', '1.1.0');
  await succeeded(owner.use('unpublish', `${gone}@1.1.0`));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function userOf(client: NpmClient): Promise<NpmUser> {
  const user = await npmUser(client, { registry, token: ground.maintainer });
  users.push(user);
  return user;
}

/** Publishes versions without a client. */
async function put(name: string, ...versions: readonly string[]): Promise<void> {
  for (const version of versions) await putPackage(registry, ground.maintainer, { name, version });
}

/** The version of a package that lies in a user's node_modules. */
async function versionOf(user: NpmUser, name: string): Promise<string> {
  return JSON.parse(await user.read(`node_modules/${name}/package.json`)).version;
}

const scoped = (name: string) => `@${ground.group.fullPath}/${freshName(name)}`;

for (const client of newestClients) {
  describeTool(client.tool, () => {
    test('installs a prerelease under a tag of its own only when the tag is requested', async () => {
      const user = await userOf(client);
      const name = scoped('pre');
      await put(name, '1.0.0');
      const next = await writePackage(user.space, { name, version: '2.0.0-rc.1', size: 1_000 });
      await succeeded(user.publish(next, 'next'));
      await succeeded(user.add(name));
      expect(await versionOf(user, name)).toBe('1.0.0');
      const early = await userOf(client);
      await succeeded(early.add(`${name}@next`));
      expect(await versionOf(early, name)).toBe('2.0.0-rc.1');
      expect(await installedFiles(early.space, next)).toEqual(next.files);
    });

    test('shows that an installed version is deprecated', async () => {
      const user = await userOf(client);
      const added = await succeeded(user.add(`${old}@1.0.0`));
      const shown = client.showsDeprecation === 'in its audit' ? await user.use('audit') : added;
      expect(shown.seen).toMatch(/deprecat|warning/i);
      expect(shown.seen).toContain(old);
      if (client.showsDeprecation !== 'without its reason')
        expect(shown.seen).toContain('it leaks; take 2.0');
    });

    const { can } = client;

    if (can.tagAdd && can.tagList && can.tagRemove) {
      test('adds, lists, installs by and removes tags', async () => {
        const user = await userOf(client);
        const name = scoped('tagged');
        await put(name, '1.0.0', '1.1.0');
        await succeeded(user.use('tagAdd', name, 'stable', '1.0.0'));
        const listed = await succeeded(user.use('tagList', name));
        expect(listed.seen).toMatch(/stable\b.*1\.0\.0/);
        expect(listed.seen).toMatch(/latest\b.*1\.1\.0/);
        await succeeded(user.add(`${name}@stable`));
        expect(await versionOf(user, name)).toBe('1.0.0');
        await succeeded(user.use('tagRemove', name, 'stable'));
        expect((await documentOf(name))['dist-tags']).toEqual({ latest: '1.1.0' });
      });
    }

    if (can.deprecate) {
      test('deprecates a version, and undoes that', async () => {
        const user = await userOf(client);
        const name = scoped('deprecated');
        await put(name, '1.0.0', '1.1.0');
        await succeeded(user.use('deprecate', `${name}@1.0.0`, 'a reason'));
        expect(await deprecationOf(name, '1.0.0')).toBe('a reason');
        expect(await deprecationOf(name, '1.1.0')).toBeUndefined();
        const undo = client.undeprecate ?? ((spec) => can.deprecate?.(spec, '') ?? []);
        await succeeded(user.run(undo(`${name}@1.0.0`)));
        expect(await deprecationOf(name, '1.0.0')).toBeUndefined();
      });
    }

    if (can.unpublish) {
      test('unpublishes a version, then the package', async () => {
        const user = await userOf(client);
        const name = scoped('unpublished');
        await put(name, '1.0.0', '1.1.0', '1.2.0');
        await succeeded(user.use('unpublish', `${name}@1.2.0`));
        expect(Object.keys((await documentOf(name)).versions)).toEqual(['1.0.0', '1.1.0']);
        expect((await documentOf(name))['dist-tags']).toEqual({ latest: '1.1.0' });
        await succeeded(user.use('unpublish', name, '--force'));
        expect((await request(name)).status).toBe(404);
      });
    }
  });
}

describeTool(npm12.tool, () => {
  test('cannot install an unpublished version, but the others', async () => {
    const user = await userOf(npm12);
    await failed(user.add(`${gone}@1.1.0`));
    const other = await userOf(npm12);
    await succeeded(other.add(gone));
    expect(await versionOf(other, gone)).toBe('1.0.0');
  });
});

interface NpmDocument {
  readonly 'dist-tags': Record<string, string>;
  readonly versions: Record<string, { deprecated?: string }>;
}

function request(name: string): Promise<Response> {
  return fetch(`${registry}/${name.replace('/', '%2f')}`, {
    headers: { authorization: `Bearer ${ground.maintainer.secret}` },
  });
}

async function documentOf(name: string): Promise<NpmDocument> {
  const answer = await request(name);
  expect(answer.status).toBe(200);
  return (await answer.json()) as NpmDocument;
}

async function deprecationOf(name: string, version: string): Promise<string | undefined> {
  return (await documentOf(name)).versions[version]?.deprecated || undefined;
}
