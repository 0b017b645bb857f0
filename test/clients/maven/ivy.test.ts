import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool, makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type ModulePair, publishPair } from './pair.ts';

/** Ivy, which is installed with Debian's Gradle. */
const library = '/usr/share/java/ivy.jar';
const ivy: Tool = {
  id: 'ivy',
  version: 'of the system',
  command: ['java', '-XX:TieredStopAtLevel=1', '-jar', library],
  missing: existsSync(library) ? undefined : 'ivy is not on this machine',
};

let ground: Playground;
let pair: ModulePair;
const spaces: Workspace[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  pair = await publishPair(ground);
});
afterAll(async () => {
  await Promise.all(spaces.map((space) => space.remove()));
  await ground?.remove();
});

/** Retrieves the tool with its dependencies, from a group. */
async function retrieve(token: TestToken, revision: string, ...more: string[]) {
  const space = await makeWorkspace();
  spaces.push(space);
  const { hostname } = new URL(ground.url);
  await space.write(
    'settings.xml',
    `<ivysettings><settings defaultResolver="packhouse"/>
<credentials host="${hostname}" realm="GitLab Packages Registry" username="${token.username}" passwd="${token.secret}"/>
<resolvers><ibiblio name="packhouse" m2compatible="true" root="${ground.endpoint('maven', ground.group)}/"/></resolvers>
</ivysettings>`,
  );
  const args = ['-settings', 'settings.xml', '-cache', join(space.home, 'cache'), '-confs', 'default'];
  const pattern = join(space.project, '[artifact].[ext]');
  const dependency = ['-dependency', pair.group, 'tool', revision, '-retrieve', pattern];
  return { space, running: space.run([...ivy.command, ...args, ...dependency, ...more]) };
}

describeTool(ivy, () => {
  test('retrieves the newest version with its dependencies, with a realm and a password', async () => {
    const { space, running } = await retrieve(ground.readOnly, 'latest.release');
    await succeeded(running);
    for (const [name, bytes] of Object.entries(pair.jars)) {
      expect([name, bytes.equals(await readFile(join(space.project, `${name}.jar`)))]).toEqual([name, true]);
    }
  });

  test('shows 401 for an expired token when it is run with -verbose', async () => {
    const { running } = await retrieve(ground.expired, '1.0', '-verbose');
    expect(await failed(running)).toMatch(/401|Unauthorized/);
  });
});
