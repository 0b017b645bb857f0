import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readPdb } from '../../../services/formats/nuget/symbols/read-pdb.ts';
import { describeTool } from '../client.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import type { NugetUser } from './nuget-client.ts';
import { icon, type PackedSet } from './packages.ts';
import { installSetByV2, publishSet, restoreSet } from './smoke.ts';
import { dotnet, nuget2 } from './tools.ts';

describeTool(dotnet, () => {
  let ground: Playground;
  let set: PackedSet;
  let publisher: NugetUser;
  beforeAll(async () => {
    ground = await openPlayground(inject('registry'));
    ({ set, user: publisher } = await publishSet(ground, 'Levels'));
  });
  afterAll(async () => {
    await publisher?.remove();
    await ground?.remove();
  });
  const setupOf = (level: string) => {
    const owner = new Map(levelsOf(ground)).get(level);
    return { endpoint: ground.endpoint('nuget', owner), token: ground.tokens.personal };
  };
  const get = async (level: string, path: string) => {
    const { endpoint, token } = setupOf(level);
    const answer = await fetch(endpoint + path, { headers: { 'private-token': token.secret } });
    return [answer.status, Buffer.from(await answer.arrayBuffer())] as const;
  };

  describe.for(['project', 'group', 'instance'])('pushed packages at the level of the %s', (level) => {
    test('are restored, and again from the lock file', () =>
      restoreSet(setupOf(level), set, level === 'project' ? 'Levels says hello' : undefined));

    describeTool(nuget2, () => {
      test('installs them by V2, byte for byte', () => installSetByV2(setupOf(level), set));
    });

    test('have their symbols on the symbol server', async () => {
      const archive = join(publisher.space.project, set.tool.snupkg);
      for (const framework of ['netstandard2.1', 'netcoreapp3.1']) {
        const path = `lib/${framework}/${set.tool.id}.pdb`;
        const script =
          'import sys,zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))';
        const bytes = execFileSync('python3', ['-c', script, archive, path]);
        const name = `${set.tool.id}.pdb`;
        const [status, symbols] = await get(
          level,
          `/symbolfiles/${name}/${readPdb(bytes)?.signature}/${name}`,
        );
        expect([status, symbols.equals(bytes)]).toEqual([200, true]);
      }
    });

    test('have their icon, licence and symbol package', async () => {
      const { id, version } = set.tool;
      const content = `/download/${id.toLowerCase()}/${version.toLowerCase()}`;
      expect(await get(level, `${content}/icon`)).toEqual([200, icon]);
      expect(await get(level, `${content}/license`)).toEqual([200, Buffer.from('As you like.')]);
      const snupkg = readFileSync(join(publisher.space.project, set.tool.snupkg));
      const [status, bytes] = await get(level, `${content}/${id}.${version}.snupkg`.toLowerCase());
      expect([status, bytes.equals(snupkg)]).toEqual([200, true]);
    });
  });
});
