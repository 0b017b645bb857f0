import { expect } from 'vitest';
import { makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, type Reached, shown } from '../paste.ts';
import type { Playground } from '../playground.ts';
import { bun } from './tools/bun.ts';
import { npm12 } from './tools/npm.ts';
import { pnpm12 } from './tools/pnpm.ts';
import { yarn } from './tools/yarn.ts';

/** A client: its name in the instructions, and the command users call. */
export interface PastedClient {
  readonly name: string;
  readonly called: string;
  readonly tool: Tool;
}

/** The clients that have instructions. */
export const pastedClients: readonly PastedClient[] = [
  { name: 'npm', called: 'npm', tool: npm12.tool },
  { name: 'pnpm', called: 'pnpm', tool: pnpm12.tool },
  { name: 'Yarn', called: 'yarn', tool: yarn.tool },
  { name: 'Bun', called: 'bun', tool: bun.tool },
];

/** Publishes to the project and installs from the group with the instructions that are shown to users of a client. */
export async function expectPastedWorks(
  { name: client, called, tool }: PastedClient,
  ground: Playground,
  { url = ground.url, env: network = {} }: Reached = {},
): Promise<void> {
  const secret = ground.tokens.personal.secret;
  const facts = { name: `@${ground.group.fullPath}/shown-${called}`, version: '1.2.3' };
  const known = { ...ground, url };
  // Yarn must not report to its authors what the tests do.
  const env = { YARN_ENABLE_TELEMETRY: '0', ...network };
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
    await succeeded(paste(source, shown(known, 'npm', publishing), { secret, env }));
    const target = await newSpace({ name: 'app', private: true });
    const installing = { ...facts, client, steps: ['setup', 'install'] as const, owner: ground.group };
    await succeeded(paste(target, shown(known, 'npm', installing), { secret, env }));
    const print = `console.log(JSON.stringify(require('${facts.name}/package.json')))`;
    // Yarn keeps packages in archives, which its own `node` command reads.
    const node = called === 'yarn' ? ['yarn', 'node'] : ['node'];
    const { stdout } = await succeeded(target.run([...node, '-e', print], { env }));
    expect(JSON.parse(stdout)).toMatchObject(facts);
  } finally {
    await Promise.all(spaces.map((space) => space.remove()));
  }
}
