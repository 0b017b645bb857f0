import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool, installedFolder } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { maven3, mavenUser } from './maven-client.ts';
import { writeProject } from './projects.ts';

/** The POMs and jars, also of plugins, that an earlier build of the same project has fetched from public registries. */
const fetched = installedFolder('maven-spring');

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

function fetchedFiles(): string[] {
  return readdirSync(fetched, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:pom|jar)$/.test(entry.name))
    .map((entry) => relative(fetched, join(entry.parentPath, entry.name)));
}

/** Publishes a file as curl would, with its checksum. */
async function publish(path: string): Promise<void> {
  const url = `${ground.endpoint('maven', ground.project)}/${path}`;
  const headers = { 'private-token': ground.tokens['group access'].secret };
  const send = async (to: string, body: Uint8Array<ArrayBuffer> | string) => {
    const answer = await fetch(to, { method: 'PUT', headers, body });
    expect([to, answer.ok, await answer.text()]).toEqual([to, true, expect.any(String)]);
  };
  await send(url, new Uint8Array(await readFile(join(fetched, path))));
  await send(`${url}.sha1`, (await readFile(join(fetched, `${path}.sha1`), 'utf8')).trim());
}

describeTool(maven3, () => {
  test('installs a Spring Boot starter with its dependencies, and its own plugins, from a group alone', async () => {
    const paths = fetchedFiles();
    expect(paths.length).toBeGreaterThan(150);
    const waiting = [...paths];
    const work = Array.from({ length: 8 }, async () => {
      for (let path = waiting.pop(); path; path = waiting.pop()) await publish(path);
    });
    await Promise.all(work);
    const user = await mavenUser(maven3, {
      servers: [{ id: 'packhouse', token: ground.tokens['group deploy'], carrier: 'Basic' }],
      mirror: { id: 'packhouse', url: ground.endpoint('maven', ground.group) },
    });
    await writeProject(user.space, 'spring');
    const none = join(user.space.home, 'nothing-prepared');
    const { seen } = await succeeded(
      user.mvn('--strict-checksums', `-Dmaven.repo.local.tail=${none}`, 'compile'),
    );
    expect(seen).toContain('BUILD SUCCESS');
    for (const path of paths.filter((name) => name.includes('spring') && name.endsWith('.jar'))) {
      const mine = await readFile(join(fetched, path));
      expect([path, mine.equals(await user.local(path))]).toEqual([path, true]);
    }
    await user.remove();
  });
});
