import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { maven3, maven4, mavenOfDebian } from './maven-client.ts';
import { consumeProject, type Deployed, deployProject } from './smoke.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** The newest stable Maven installs from every level, the others from the one that is used most. */
const levels = new Map([
  [maven3, ['project', 'group', 'instance']],
  [maven4, ['group']],
  [mavenOfDebian, ['group']],
]);

async function fileNames(packageId: number): Promise<string[]> {
  const path = `/projects/${ground.project.id}/packages/${packageId}/package_files?per_page=100`;
  const files = (await ground.accounts.call('GET', path)) as unknown as { file_name: string }[];
  return files.map(({ file_name }) => file_name);
}

for (const [tool, from] of levels) {
  describeTool(tool, () => {
    let deployed: Deployed;

    test('deploys a project of several modules in four threads, with one package per module', async () => {
      deployed = await deployProject(tool, ground);
      const path = `/projects/${ground.project.id}/packages?package_name=${deployed.group.split('.').at(-1)}`;
      const packages = (await ground.accounts.call('GET', path)) as unknown as { id: number; name: string }[];
      const start = deployed.group.replaceAll('.', '/');
      expect(packages.map(({ name }) => name).sort()).toEqual(
        ['app', 'library', 'orchard-maven-plugin', 'parent'].map((name) => `${start}/${name}`),
      );
      for (const { id, name } of packages) {
        const names = await fileNames(id);
        expect(new Set(names).size).toBe(names.length);
        const artifact = name.slice(start.length + 1);
        const endings = artifact === 'parent' ? ['.pom'] : ['-sources.jar', '.jar', '.pom'];
        expect(names).toEqual(expect.arrayContaining(endings.map((ending) => `${artifact}-1.0.0${ending}`)));
      }
    });

    test.for(from)(
      'builds a project that needs them from the %s, and runs the plugin by its prefix',
      async (level) => {
        await consumeProject(tool, ground, deployed, new Map(levelsOf(ground)).get(level));
      },
    );
  });
}
