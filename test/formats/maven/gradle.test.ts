import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { mavenRepository, pom } from '../../kit/maven-repository.ts';
import { deployToken, startApp, type TestApp } from '../../kit/start-app.ts';

/**
 * The requests of Gradle 9, in the same order (`AbstractMavenPublisher`). The real Gradle of the clients tests is Debian's
 * 4.4.1, which supports neither header credentials nor module metadata.
 */
let app: TestApp;
let repository: ReturnType<typeof mavenRepository>;
let send: (method: string, path: string, body?: string) => Promise<Response>;
beforeEach(async () => {
  app = await startApp();
  const project = await app.project('tools');
  repository = mavenRepository(app, project);
  const { secret } = await deployToken(app.registry, project, [
    'read_package_registry',
    'write_package_registry',
  ]);
  send = (method, path, body) =>
    app.send(method, `${repository.endpoints.project}/${path}`, {
      headers: { 'Deploy-Token': secret },
      body,
    });
});

/** Uploads a file and its checksums. Gradle fails the build unless the first two are accepted. */
async function publish(path: string, content: string): Promise<void> {
  expect([path, (await send('PUT', path, content)).status]).toEqual([path, 200]);
  for (const algorithm of ['sha1', 'md5', 'sha256', 'sha512']) {
    const answer = await send(
      'PUT',
      `${path}.${algorithm}`,
      createHash(algorithm).update(content).digest('hex'),
    );
    expect([path, algorithm, answer.ok]).toEqual([path, algorithm, true]);
  }
}

const module = (version: string) =>
  JSON.stringify({ formatVersion: '1.1', component: { group: 'com.example', module: 'lib', version } });

describe('a publish by Gradle', () => {
  test('of a release can be read back, including its module metadata', async () => {
    const base = 'com/example/lib/1.0/lib-1.0';
    await publish(`${base}.jar`, 'jar');
    await publish(`${base}.pom`, pom('<artifactId>lib</artifactId>'));
    await publish(`${base}.module`, module('1.0'));
    expect((await send('GET', 'com/example/lib/maven-metadata.xml')).status).toBe(200);
    await publish('com/example/lib/maven-metadata.xml', '<metadata/>');
    const found = await send('GET', `${base}.module`);
    expect([found.headers.get('content-type'), await found.text()]).toEqual([
      'application/json',
      module('1.0'),
    ]);
    expect(await (await send('GET', 'com/example/lib/maven-metadata.xml')).text()).toContain(
      '<release>1.0</release>',
    );
  });

  test('of a snapshot continues the build numbers', async () => {
    const folder = 'com/example/lib/1.0-SNAPSHOT';
    expect((await send('GET', `${folder}/maven-metadata.xml`)).status).toBe(404);
    for (const number of [1, 2]) {
      const start = `${folder}/lib-1.0-20260131.12000${number}-${number}`;
      await publish(`${start}.jar`, `jar ${number}`);
      await publish(`${start}.pom`, pom('<artifactId>lib</artifactId>'));
      await publish(`${start}.module`, module(`1.0-SNAPSHOT ${number}`));
      await publish(`${folder}/maven-metadata.xml`, '<metadata/>');
      const metadata = await (await send('GET', `${folder}/maven-metadata.xml`)).text();
      expect(metadata).toContain(`<buildNumber>${number}</buildNumber>`);
      expect(metadata).toContain(`<value>1.0-20260131.12000${number}-${number}</value>`);
    }
  });
});
