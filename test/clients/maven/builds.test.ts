import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool, type Tool } from '../client.ts';
import { once } from '../once.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { type Attempts, type Building, buildAll, deployAll, expectRefusals } from './builds.ts';
import { carriers, maven3, maven4, mavenOfDebian } from './maven-client.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

/** The Mavens, and the level from which each installs the project of several modules. */
const mavens = new Map<Tool, string>([
  [maven3, 'instance'],
  [maven4, 'project'],
  [mavenOfDebian, 'group'],
]);

let ground: Playground;
const cleanUps: (() => Promise<void>)[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(cleanUps.map((remove) => remove()));
  await ground?.remove();
});

/** Every Maven with every carrier and at every level. The fleet tests try every kind of token in every carrier. */
const combinations = pairwise(
  {
    tool: [...mavens.keys()],
    carrier: carriers,
    level: ['project', 'subgroup', 'group', 'instance'],
    kind: tokenKinds,
  },
  {
    independent: [
      ['tool', 'kind'],
      ['carrier', 'level'],
      ['carrier', 'kind'],
      ['level', 'kind'],
    ],
  },
);

const idOf = ({ kind, carrier, level }: (typeof combinations)[number]) =>
  `${kind} ${carrier} ${level}`.toLowerCase().replaceAll(' ', '-');

/** The modules for the combinations of a Maven, which deploy, or install what was deployed. */
function combined(tool: Tool, purpose: 'deploy' | 'install'): Attempts {
  const owners = new Map(levelsOf(ground));
  const own = combinations.filter((each) => each.tool === tool);
  return Object.fromEntries(
    own.map((each) => {
      const owner = purpose === 'deploy' ? ground.project : owners.get(each.level);
      const url = ground.endpoint('maven', owner);
      return [idOf(each), { token: ground.tokens[each.kind], carrier: each.carrier, url }];
    }),
  );
}

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };

/** Modules that must not deploy. */
function refusedDeploys(): Attempts {
  const url = ground.endpoint('maven', ground.project);
  const inGroup = ground.endpoint('maven', ground.group);
  return {
    anonymous: { token: undefined, carrier: 'Basic', url },
    'wrong-header': { token: wrong, carrier: 'Private-Token', url },
    'wrong-basic': { token: wrong, carrier: 'Basic', url },
    'expired-header': { token: ground.expired, carrier: 'Deploy-Token', url },
    'expired-basic': { token: ground.expired, carrier: 'Basic', url },
    'read-only-header': { token: ground.readOnly, carrier: 'Deploy-Token', url },
    'read-only-basic': { token: ground.readOnly, carrier: 'Basic', url },
    'to-a-group': { token: ground.tokens.personal, carrier: 'Private-Token', url: inGroup },
  };
}

/** Modules that must not install `there`, or need an artifact that does not exist. */
function refusedInstalls(): Attempts {
  const url = ground.endpoint('maven', ground.project);
  const inGroup = ground.endpoint('maven', ground.group);
  const artifact = 'there';
  const { expired, readOnly } = ground;
  return {
    anonymous: { token: undefined, carrier: 'Basic', url, artifact },
    'anonymous-in-group': { token: undefined, carrier: 'Basic', url: inGroup, artifact },
    'wrong-header': { token: wrong, carrier: 'Job-Token', url, artifact },
    'wrong-basic': { token: wrong, carrier: 'Basic', url, artifact },
    'expired-header': { token: expired, carrier: 'Private-Token', url: inGroup, artifact },
    'expired-basic': { token: expired, carrier: 'Basic', url, artifact },
    missing: { token: readOnly, carrier: 'Basic', url, artifact: 'not-there' },
    deleted: { token: readOnly, carrier: 'Basic', url, artifact: 'deleted' },
  };
}

/** Maven 4 tries wrong credentials three times, and then reports only its attempts. */
const unauthorized = /401|Unauthorized|too many authentication attempts/;

async function packagesOf(group: string): Promise<{ id: number; name: string }[]> {
  const path = `/projects/${ground.project.id}/packages?per_page=100&package_name=${group.split('.').at(-1)}`;
  return (await ground.accounts.call('GET', path)) as unknown as { id: number; name: string }[];
}

async function fileNames(packageId: number): Promise<string[]> {
  const path = `/projects/${ground.project.id}/packages/${packageId}/package_files?per_page=100`;
  const files = (await ground.accounts.call('GET', path)) as unknown as { file_name: string }[];
  return files.map(({ file_name }) => file_name);
}

for (const [tool, level] of mavens) {
  describeTool(tool, () => {
    const group = freshGroup();
    const building = (): Building => ({ tool, token: ground.tokens.personal, group, version: '1.0.0' });
    const start = pathOfGroup(group);

    const deployed = once(async () => {
      const url = ground.endpoint('maven', ground.project);
      const plain = { token: ground.tokens.personal, carrier: 'Basic', url } as const;
      const good = { ...combined(tool, 'deploy'), there: plain, deleted: plain };
      const built = await deployAll(building(), { url, good, bad: refusedDeploys() });
      cleanUps.push(built.user.remove);
      return built;
    });
    const installed = once(async () => {
      const { files } = await deployed();
      await ground.deletePackage(`${start}/deleted`);
      const url = ground.endpoint('maven', new Map(levelsOf(ground)).get(level));
      const attempts = { ...combined(tool, 'install'), ...refusedInstalls() };
      const built = await buildAll(building(), { url, attempts });
      cleanUps.push(built.user.remove);
      return { ...built, files };
    });

    test('deploys a project of several modules in four threads, with one package per module', async () => {
      await deployed();
      const parts = ['app', 'library', 'orchard-maven-plugin', 'parent'];
      const packages = await packagesOf(group);
      expect(packages.map(({ name }) => name)).toEqual(
        expect.arrayContaining(parts.map((name) => `${start}/${name}`)),
      );
      expect(new Set(packages.map(({ name }) => name)).size).toBe(packages.length);
      for (const { id, name } of packages) {
        const artifact = name.slice(start.length + 1);
        if (!parts.includes(artifact)) continue;
        const names = await fileNames(id);
        expect(new Set(names).size).toBe(names.length);
        const endings = artifact === 'parent' ? ['.pom'] : ['-sources.jar', '.jar', '.pom'];
        expect(names).toEqual(expect.arrayContaining(endings.map((ending) => `${artifact}-1.0.0${ending}`)));
      }
    });

    test('deploys with tokens in every carrier', async () => {
      const { errorOf } = await deployed();
      const names = (await packagesOf(group)).map(({ name }) => name);
      for (const id of [...Object.keys(combined(tool, 'deploy')), 'there']) {
        expect([id, errorOf(id)]).toEqual([id, '']);
        expect(names).toContain(`${start}/${id}`);
      }
    });

    test('shows why a deploy is refused', async () => {
      const built = await deployed();
      // Maven 4.0.0-rc-4 shows only the status of a failed deploy.
      const says = (words: RegExp, status: number) =>
        tool === maven4 ? new RegExp(`HTTP Status: ${status}`) : words;
      const readOnly = says(/The token has no scope for this request/, 403);
      expectRefusals(built, {
        ...Object.fromEntries(Object.keys(refusedDeploys()).map((id) => [id, unauthorized])),
        'read-only-header': readOnly,
        'read-only-basic': readOnly,
        'to-a-group': says(/Publish to a project/, 405),
      });
      const names = (await packagesOf(group)).map(({ name }) => name);
      for (const id of Object.keys(refusedDeploys())) expect(names).not.toContain(`${start}/${id}`);
    });

    test(`builds a project that needs them from the ${level}, and runs the plugin by its prefix`, async () => {
      const { errorOf, seen, files, user } = await installed();
      expect(errorOf('basket')).toBe('');
      expect(seen).toContain('Greetings from orchard 1.0.0');
      expect(seen).not.toMatch(/checksum/i);
      for (const [path, bytes] of files) {
        if (/app-[^/]*sources|plugin-[^/]*sources/.test(path)) continue;
        expect([path, bytes.equals(await user.local(path))]).toEqual([path, true]);
      }
    });

    test('installs with tokens in every carrier and from every level', async () => {
      const { errorOf, user } = await installed();
      for (const id of Object.keys(combined(tool, 'install'))) {
        expect([id, errorOf(id)]).toEqual([id, '']);
        const jar = await user.local(`${start}/${id}/1.0/${id}-1.0.jar`);
        expect(jar.includes(`${id}.txt`)).toBe(true);
      }
    });

    test('shows why an install is refused, or which module does not exist', async () => {
      const built = await installed();
      expectRefusals(built, {
        ...Object.fromEntries(Object.keys(refusedInstalls()).map((id) => [id, unauthorized])),
        missing: /Could not find artifact \S+:not-there:/,
        deleted: /Could not find artifact \S+:deleted:/,
      });
    });
  });
}
