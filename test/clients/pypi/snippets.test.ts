import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { wheel } from '../../kit/python-package.ts';
import { describeTool, makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { python } from './python-client.ts';
import { poetry } from './tools/poetry.ts';
import { pip26 } from './tools/tools.ts';
import { twine7 } from './tools/twine.ts';
import { uv } from './tools/uv.ts';

let ground: Playground;
const spaces: Workspace[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(spaces.map((space) => space.remove()));
  await ground?.remove();
});

async function newSpace(called: string, tool: Tool): Promise<Workspace> {
  const space = await makeWorkspace({ [called]: tool, python: { ...pip26.tool, command: [python] } });
  spaces.push(space);
  return space;
}

/** A project in the common form of Python; each tool adds what it needs. */
const projectFile = (parts: string) =>
  `[project]\nname = "app"\nversion = "1.0.0"\nrequires-python = ">=3.10,<4"\ndependencies = []\n${parts}`;
const around = { 'pyproject.toml': projectFile };
// The interpreter that is there: uv would fetch another one.
const env = { UV_PYTHON: python };

for (const { client, called, tool } of [
  { client: 'twine', called: 'twine', tool: twine7.tool },
  { client: 'uv', called: 'uv', tool: uv.tool },
  { client: 'Poetry', called: 'poetry', tool: poetry.tool },
]) {
  describeTool(tool, () => {
    test('publishes with the instructions shown to users', async () => {
      const name = client === 'Poetry' ? 'app' : `shown-by-${called}`;
      const facts = { name, version: '1.0.0', client, owner: ground.project };
      const space = await newSpace(called, tool);
      const built = wheel({ name, version: '1.0.0' });
      await space.write(`dist/${built.fileName}`, built.bytes);
      await space.write('pyproject.toml', projectFile(''));
      const secret = ground.tokens.personal.secret;
      await succeeded(paste(space, shown(ground, 'pypi', { ...facts, steps: ['publish'] }), { secret, env }));
      const page = await fetch(`${ground.endpoint('pypi', ground.project)}/simple/${name}/`, {
        headers: { 'private-token': secret },
      });
      expect(await page.text()).toContain(built.fileName);
    });
  });
}

for (const { client, called, tool } of [
  { client: 'pip', called: 'pip', tool: pip26.tool },
  { client: 'uv', called: 'uv', tool: uv.tool },
  { client: 'Poetry', called: 'poetry', tool: poetry.tool },
]) {
  describeTool(tool, () => {
    test('installs with the instructions shown to users', async () => {
      const secret = ground.tokens.personal.secret;
      const facts = { name: `wanted-by-${called}`, version: '1.0.0' };
      const publisher = await newSpace('twine', twine7.tool);
      const built = wheel(facts);
      await publisher.write(`dist/${built.fileName}`, built.bytes);
      const publishing = { ...facts, client: 'twine', steps: ['publish'] as const, owner: ground.project };
      await succeeded(paste(publisher, shown(ground, 'pypi', publishing), { secret, env }));
      const space = await newSpace(called, tool);
      await space.write('pyproject.toml', projectFile(''));
      const installing = { ...facts, client, steps: ['setup', 'install'] as const, owner: ground.group };
      // pip installs beside its interpreter unless it is told otherwise.
      const target = { ...env, PIP_TARGET: `${space.project}/site` };
      await succeeded(paste(space, shown(ground, 'pypi', installing), { secret, env: target, around }));
      const listed = await space.run(['find', '..', '-path', `*/site*/wanted_by_${called}-1.0.0.dist-info`]);
      expect(listed.stdout.trim()).not.toBe('');
    });
  });
}
