import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Snippet } from '../../../services/http/format/format-ui.ts';
import { describeTool, type Workspace } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { type PasteOptions, paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { gradle, gradleUser } from './gradle-client.ts';
import { maven3, mavenUser } from './maven-client.ts';
import { freshGroup, pathOfGroup } from './projects.ts';
import { sbt, sbtUser } from './sbt-client.ts';

const group = freshGroup();
let ground: Playground;
const spaces: Workspace[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(spaces.map((space) => space.remove()));
  await ground?.remove();
});

/** Pastes the instructions shown to users of a client: to publish to the project, or to install from the group. */
async function pasted(
  space: Workspace,
  client: string,
  artifact: string,
  step: Snippet['step'],
  options: Omit<PasteOptions, 'secret'>,
): Promise<void> {
  const name = `${pathOfGroup(group)}/${artifact}`;
  const owner = step === 'publish' ? ground.project : ground.group;
  const snippets = shown(ground, 'maven', { name, version: '1.0', client, steps: ['setup', step], owner });
  await succeeded(paste(space, snippets, { ...options, secret: ground.tokens.personal.secret }));
}

describeTool(maven3, () => {
  const build = /<build>[\s\S]*<\/build>/.exec(
    readFileSync(join(import.meta.dirname, 'project/pom.xml'), 'utf8'),
  );
  const pom = (artifact: string, parts: string) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>1.0</version>
${parts}${build?.[0]}</project>`;

  async function newUser() {
    const user = await mavenUser(maven3);
    spaces.push(user.space);
    await user.space.provide('mvn', user.command);
    return user;
  }

  test('publishes and installs with the instructions shown to users', async () => {
    const publisher = await newUser();
    await publisher.space.write('src/main/resources/shown.txt', 'shown');
    const around = { 'pom.xml': (parts: string) => pom('shown', parts) };
    await pasted(publisher.space, 'Maven', 'shown', 'publish', { env: publisher.env, around });

    const reader = await newUser();
    const dependencies = (parts: string) =>
      parts.replace(/<dependency>[\s\S]*<\/dependency>/, '<dependencies>$&</dependencies>');
    await pasted(reader.space, 'Maven', 'shown', 'install', {
      env: reader.env,
      around: { 'pom.xml': (parts) => pom('reader', dependencies(parts)) },
      next: 'mvn compile',
    });
    const built = readFileSync(join(publisher.space.project, 'target/shown-1.0.jar'));
    expect(built.equals(await reader.local(`${pathOfGroup(group)}/shown/1.0/shown-1.0.jar`))).toBe(true);
  });
});

describeTool(sbt, () => {
  const common = `organization := "${group}"
version := "1.0"
autoScalaLibrary := false
crossPaths := false
managedScalaInstance := false
packageDoc / publishArtifact := false
packageSrc / publishArtifact := false
`;

  async function newUser() {
    const user = await sbtUser();
    spaces.push(user.space);
    await user.space.provide('sbt', user.command);
    await user.space.write('project/build.properties', `sbt.version=${sbt.version}\n`);
    return user;
  }

  test('publishes and installs with the instructions shown to users', async () => {
    const publisher = await newUser();
    await publisher.space.write('src/main/resources/shown.txt', 'shown');
    await pasted(publisher.space, 'sbt', 'of-sbt', 'publish', {
      env: publisher.env,
      around: { 'build.sbt': (parts) => `name := "of-sbt"\n${common}${parts}` },
    });
    const reader = await newUser();
    const installed = join(reader.space.home, 'installed');
    const alone = `externalResolvers := resolvers.value\nThisBuild / csrCacheDirectory := file("${installed}")\n`;
    await pasted(reader.space, 'sbt', 'of-sbt', 'install', {
      env: reader.env,
      around: { 'build.sbt': (parts) => common + parts + alone },
      next: 'sbt update',
    });
    const names = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.endsWith('of-sbt-1.0.jar'))).toHaveLength(1);
  });
});

describeTool(gradle, () => {
  test('installs with the instructions shown to users', async () => {
    const answer = await fetch(
      `${ground.endpoint('maven', ground.project)}/${pathOfGroup(group)}/for-gradle/1.0/for-gradle-1.0.jar`,
      { method: 'PUT', body: 'bytes', headers: { 'private-token': ground.tokens.personal.secret } },
    );
    expect(answer.status).toBe(200);
    const user = await gradleUser();
    spaces.push(user.space);
    await user.space.provide('gradle', ['env', 'PATH=/usr/local/bin:/usr/bin:/bin', ...user.command]);
    await pasted(user.space, 'Gradle', 'for-gradle', 'install', {
      env: user.env,
      next: 'gradle fetch',
      around: {
        // Gradle 4 does not know this setting, which newer ones require.
        'build.gradle': (parts) => `apply plugin: 'java'
${parts.replace('allowInsecureProtocol = true', '')}
task fetch { doLast { copy { from configurations.compileClasspath; into 'fetched' } } }
`,
      },
    });
    expect(readdirSync(join(user.space.project, 'fetched'))).toEqual(['for-gradle-1.0.jar']);
  });
});
