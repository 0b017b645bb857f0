import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { nupkg } from '../../kit/nupkg.ts';
import { describeTool, makeWorkspace, type Workspace } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { consumer, quiet } from './nuget-client.ts';
import { dotnet } from './tools.ts';

let ground: Playground;
const spaces: Workspace[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(spaces.map((space) => space.remove()));
  await ground?.remove();
});

const noSources = '<configuration><packageSources><clear /></packageSources></configuration>';

describeTool(dotnet, () => {
  test('publishes and installs with the instructions shown to users', async () => {
    const secret = ground.tokens.personal.secret;
    const facts = { name: 'Acme.Shown', version: '1.2.3', client: 'dotnet' };
    const newSpace = async () => {
      const space = await makeWorkspace({ dotnet });
      spaces.push(space);
      // A user who has removed the public source.
      await space.write('.nuget/NuGet/NuGet.Config', noSources, 'home');
      return space;
    };
    // As the note beside it says of NuGet before 6.8.
    const around = {
      'nuget.config': (text: string) => text.replace(' allowInsecureConnections="true"', ''),
    };
    const options = { secret, env: quiet, around };
    const publisher = await newSpace();
    const bytes = nupkg({ id: facts.name, version: facts.version });
    await publisher.write('Acme.Shown.1.2.3.nupkg', bytes);
    const publishing = { ...facts, steps: ['setup', 'publish'] as const, owner: ground.project };
    await succeeded(paste(publisher, shown(ground, 'nuget', publishing), options));

    const reader = await newSpace();
    for (const [path, text] of Object.entries(consumer({}))) await reader.write(path, text);
    const installing = { ...facts, steps: ['setup', 'install'] as const, owner: ground.group };
    await succeeded(paste(reader, shown(ground, 'nuget', installing), options));
    const installed = join(reader.home, '.nuget/packages/acme.shown/1.2.3/acme.shown.1.2.3.nupkg');
    expect(readFileSync(installed).equals(bytes)).toBe(true);
  });
});
