import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type MavenUser, maven3, mavenUser } from './maven-client.ts';
import { module } from './modules.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

let ground: Playground;
let user: MavenUser;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  const token = ground.tokens['group deploy'];
  user = await mavenUser(maven3, { servers: [{ id: 'packhouse', token, carrier: 'Deploy-Token' }] });
});
afterAll(async () => {
  await user?.remove();
  await ground?.remove();
});

describeTool(maven3, () => {
  test('deploys a version again with the same bytes, but not with others, if the group refuses duplicates', async () => {
    const settings = { maven_duplicates_allowed: false, maven_duplicate_exception_regex: '.*-SNAPSHOT' };
    await ground.accounts.call('PUT', `/groups/${ground.group.id}/package_settings`, settings);
    const group = freshGroup();
    const url = ground.endpoint('maven', ground.project);
    const pom = module({ group, artifact: 'once', deploy: { id: 'packhouse', url } });
    // Without the build time in it, a jar has the same bytes each time it is built.
    const time = '<project.build.outputTimestamp>2026-01-01T00:00:00Z</project.build.outputTimestamp>';
    await user.space.write('pom.xml', pom.replace('<properties>', `<properties>${time}`));
    await user.space.write('src/main/resources/words.txt', 'first');
    await succeeded(user.mvn('deploy'));
    await succeeded(user.mvn('deploy'));
    await user.space.write('src/main/resources/words.txt', 'second');
    const seen = await failed(user.mvn('deploy'));
    expect(seen).toContain('Duplicate package is not allowed');
    const reader = await mavenUser(maven3, {
      servers: [{ id: 'packhouse', token: ground.readOnly, carrier: 'Private-Token' }],
    });
    const from = { id: 'packhouse', url: ground.endpoint('maven', ground.subgroup) };
    const needs = { group, artifact: 'once' };
    await reader.space.write('pom.xml', module({ group: 'reader', artifact: 'reader', needs, from }));
    await succeeded(reader.mvn('compile'));
    const jar = `${pathOfGroup(group)}/once/1.0/once-1.0.jar`;
    await succeeded(reader.space.run(['jar', 'xf', `${reader.space.home}/.m2/repository/${jar}`]));
    expect(await reader.space.run(['cat', 'words.txt'])).toMatchObject({ stdout: 'first' });
    await reader.remove();
  });
});
