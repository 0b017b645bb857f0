import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { zip } from '../../kit/zip.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type MavenUser, maven3, mavenUser } from './maven-client.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

const group = freshGroup();
let ground: Playground;
let user: MavenUser | undefined;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await user?.remove();
  await ground?.remove();
});

describeTool(maven3, () => {
  const build = /<build>[\s\S]*<\/build>/.exec(
    readFileSync(join(import.meta.dirname, 'project/pom.xml'), 'utf8'),
  );

  /** The POM of a project with the pasted lines. */
  const pom = (lines: string) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>${group}</groupId><artifactId>shown</artifactId><version>1.0</version>
${lines.replace(/<dependency>[\s\S]*<\/dependency>/, '<dependencies>$&</dependencies>')}${build?.[0]}</project>`;

  test('publishes and installs with the instructions shown to users', async () => {
    const url = ground.endpoint('maven', ground.project);
    const headers = { 'private-token': ground.tokens.personal.secret };
    const needed = `${pathOfGroup(group)}/needed`;
    const facts = `<groupId>${group}</groupId><artifactId>needed</artifactId><version>1.0</version>`;
    const files = {
      'needed-1.0.pom': `<project><modelVersion>4.0.0</modelVersion>${facts}</project>`,
      'needed-1.0.jar': zip([{ path: 'needed.txt', content: 'needed' }]),
    };
    for (const [file, body] of Object.entries(files)) {
      const answer = await fetch(`${url}/${needed}/1.0/${file}`, { method: 'PUT', headers, body });
      expect(answer.status).toBe(200);
    }
    user = await mavenUser(maven3);
    const { space, env, command } = user;
    await space.provide('mvn', command);
    await space.write('src/main/resources/shown.txt', 'shown');
    const common = { client: 'Maven', version: '1.0' };
    // Installs from the group, and publishes to the project.
    const snippets = [
      ...shown(ground, 'maven', {
        ...common,
        name: needed,
        owner: ground.group,
        steps: ['setup', 'install'],
      }),
      ...shown(ground, 'maven', {
        ...common,
        name: `${pathOfGroup(group)}/shown`,
        owner: ground.project,
        steps: ['publish'],
      }),
    ];
    const secret = ground.tokens.personal.secret;
    await succeeded(paste(space, snippets, { secret, env, around: { 'pom.xml': pom } }));
    const installed = await user.local(`${needed}/1.0/needed-1.0.jar`);
    expect(installed.equals(files['needed-1.0.jar'])).toBe(true);
    const answer = await fetch(`${url}/${pathOfGroup(group)}/shown/1.0/shown-1.0.jar`, { headers });
    const built = readFileSync(join(space.project, 'target/shown-1.0.jar'));
    expect(built.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
  });
});
