import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool, makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { bun } from './tools/bun.ts';
import { npm12 } from './tools/npm.ts';
import { pnpm12 } from './tools/pnpm.ts';
import { yarn } from './tools/yarn.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** The clients: their names in the instructions, and the commands users call. */
const clients: readonly { readonly name: string; readonly called: string; readonly tool: Tool }[] = [
  { name: 'npm', called: 'npm', tool: npm12.tool },
  { name: 'pnpm', called: 'pnpm', tool: pnpm12.tool },
  { name: 'Yarn', called: 'yarn', tool: yarn.tool },
  { name: 'Bun', called: 'bun', tool: bun.tool },
];

// Yarn must not report to its authors what the tests do.
const env = { YARN_ENABLE_TELEMETRY: '0' };

for (const { name: client, called, tool } of clients) {
  describeTool(tool, () => {
    test('publishes and installs with the instructions shown to users', async () => {
      const secret = ground.tokens.personal.secret;
      const facts = { name: `@${ground.group.fullPath}/shown-${called}`, version: '1.2.3' };
      const spaces: Workspace[] = [];
      const newSpace = async (manifest: object) => {
        const space = await makeWorkspace({ [called]: tool });
        spaces.push(space);
        await space.write('package.json', JSON.stringify(manifest));
        return space;
      };
      try {
        const source = await newSpace(facts);
        const publishing = { ...facts, client, steps: ['setup', 'publish'] as const, owner: ground.project };
        await succeeded(paste(source, shown(ground, 'npm', publishing), { secret, env }));
        const target = await newSpace({ name: 'app', private: true });
        const installing = { ...facts, client, steps: ['setup', 'install'] as const, owner: ground.group };
        await succeeded(paste(target, shown(ground, 'npm', installing), { secret, env }));
        const print = `console.log(JSON.stringify(require('${facts.name}/package.json')))`;
        // Yarn keeps packages in archives, which its own `node` command reads.
        const node = called === 'yarn' ? ['yarn', 'node'] : ['node'];
        const { stdout } = await succeeded(target.run([...node, '-e', print], { env }));
        expect(JSON.parse(stdout)).toMatchObject(facts);
      } finally {
        await Promise.all(spaces.map((space) => space.remove()));
      }
    });
  });
}
