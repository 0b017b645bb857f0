import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { zip } from '../../kit/zip.ts';
import type { Tool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, type Reached, shown } from '../paste.ts';
import type { Playground } from '../playground.ts';
import { mavenUser } from './maven-client.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

const build = /<build>[\s\S]*<\/build>/.exec(
  readFileSync(join(import.meta.dirname, 'project/pom.xml'), 'utf8'),
);

/** The POM of a project with the pasted lines. */
function pomOf(group: string, lines: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>${group}</groupId><artifactId>shown</artifactId><version>1.0</version>
${lines.replace(/<dependency>[\s\S]*<\/dependency>/, '<dependencies>$&</dependencies>')}${build?.[0]}</project>`;
}

/**
 * Installs from the group and publishes to the project with the instructions that are shown to users of Maven, who know
 * the registry by the address `url`. `javaOptions` are of the machine that they work on.
 */
export async function expectPastedWorks(
  tool: Tool,
  ground: Playground,
  { url = ground.url, javaOptions = '' }: Pick<Reached, 'url'> & { readonly javaOptions?: string } = {},
): Promise<void> {
  const group = freshGroup();
  const endpoint = ground.endpoint('maven', ground.project);
  const headers = { 'private-token': ground.tokens.personal.secret };
  const needed = `${pathOfGroup(group)}/needed`;
  const facts = `<groupId>${group}</groupId><artifactId>needed</artifactId><version>1.0</version>`;
  const files = {
    'needed-1.0.pom': `<project><modelVersion>4.0.0</modelVersion>${facts}</project>`,
    'needed-1.0.jar': zip([{ path: 'needed.txt', content: 'needed' }]),
  };
  for (const [file, body] of Object.entries(files)) {
    const answer = await fetch(`${endpoint}/${needed}/1.0/${file}`, { method: 'PUT', headers, body });
    expect(answer.status).toBe(200);
  }
  const user = await mavenUser(tool);
  try {
    const { space, env, command } = user;
    await space.provide('mvn', command);
    await space.write('src/main/resources/shown.txt', 'shown');
    const common = { client: 'Maven', version: '1.0' };
    const known = { ...ground, url };
    const name = `${pathOfGroup(group)}/shown`;
    const snippets = [
      ...shown(known, 'maven', { ...common, name: needed, owner: ground.group, steps: ['setup', 'install'] }),
      ...shown(known, 'maven', { ...common, name, owner: ground.project, steps: ['publish'] }),
    ];
    await succeeded(
      paste(space, snippets, {
        secret: ground.tokens.personal.secret,
        env: { MAVEN_OPTS: `${env.MAVEN_OPTS} ${javaOptions}` },
        around: { 'pom.xml': (lines) => pomOf(group, lines) },
      }),
    );
    const installed = await user.local(`${needed}/1.0/needed-1.0.jar`);
    expect(installed.equals(files['needed-1.0.jar'])).toBe(true);
    const answer = await fetch(`${endpoint}/${name}/1.0/shown-1.0.jar`, { headers });
    const built = readFileSync(join(space.project, 'target/shown-1.0.jar'));
    expect(built.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
  } finally {
    await user.remove();
  }
}
