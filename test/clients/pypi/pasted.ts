import { expect } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { wheel } from '../../kit/python-package.ts';
import { makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { paste, type Reached, shown } from '../paste.ts';
import type { Playground } from '../playground.ts';
import { python } from './python-client.ts';
import { poetry } from './tools/poetry.ts';
import { pip26 } from './tools/tools.ts';
import { twine7 } from './tools/twine.ts';
import { uv } from './tools/uv.ts';

/** A client: its name in the instructions, and the command users call. */
export interface PastedClient {
  readonly client: string;
  readonly called: string;
  readonly tool: Tool;
}

const twine: PastedClient = { client: 'twine', called: 'twine', tool: twine7.tool };
const pip: PastedClient = { client: 'pip', called: 'pip', tool: pip26.tool };
const pastedUv: PastedClient = { client: 'uv', called: 'uv', tool: uv.tool };
const pastedPoetry: PastedClient = { client: 'Poetry', called: 'poetry', tool: poetry.tool };

/** The clients that have instructions to publish, and to install. */
export const publishers = [twine, pastedUv, pastedPoetry];
/** See `publishers`. */
export const installers = [pip, pastedUv, pastedPoetry];

/** A project in the common form of Python; each tool adds what it needs. */
function projectFile(parts: string): string {
  return `[project]\nname = "app"\nversion = "1.0.0"\nrequires-python = ">=3.10,<4"\ndependencies = []\n${parts}`;
}

async function withSpace<T>(
  { called, tool }: PastedClient,
  run: (space: Workspace) => Promise<T>,
): Promise<T> {
  const space = await makeWorkspace({ [called]: tool, python: { ...pip26.tool, command: [python] } });
  try {
    await space.write('pyproject.toml', projectFile(''));
    return await run(space);
  } finally {
    await space.remove();
  }
}

// The interpreter that is there: uv would fetch another one.
const machine = { UV_PYTHON: python };

/** Publishes to the project with the instructions that are shown to users of a client. Returns the name. */
export async function expectPastedPublishes(
  publisher: PastedClient,
  ground: Playground,
  { url = ground.url, env = {} }: Reached = {},
): Promise<string> {
  const { client, called } = publisher;
  const name = client === 'Poetry' ? 'app' : freshName(`shown-by-${called}`);
  const built = wheel({ name, version: '1.0.0' });
  const secret = ground.tokens.personal.secret;
  const steps = ['publish'] as const;
  const facts = { name, version: '1.0.0', client, owner: ground.project, steps };
  await withSpace(publisher, async (space) => {
    await space.write(`dist/${built.fileName}`, built.bytes);
    const snippets = shown({ ...ground, url }, 'pypi', facts);
    await succeeded(paste(space, snippets, { secret, env: { ...machine, ...env } }));
  });
  const page = await fetch(`${ground.endpoint('pypi', ground.project)}/simple/${name}/`, {
    headers: { 'private-token': secret },
  });
  expect(await page.text()).toContain(built.fileName);
  return name;
}

/** Installs from the group, with the instructions that are shown to users of a client, what was published with twine's. */
export async function expectPastedInstalls(
  installer: PastedClient,
  ground: Playground,
  reached: Reached = {},
): Promise<void> {
  const { client } = installer;
  const name = await expectPastedPublishes(twine, ground, reached);
  const { url = ground.url, env = {} } = reached;
  const steps = ['setup', 'install'] as const;
  const facts = { name, version: '1.0.0', client, owner: ground.group, steps };
  await withSpace(installer, async (space) => {
    await succeeded(
      paste(space, shown({ ...ground, url }, 'pypi', facts), {
        secret: ground.tokens.personal.secret,
        // pip installs beside its interpreter unless it is told otherwise.
        env: { ...machine, ...env, PIP_TARGET: `${space.project}/site` },
        around: { 'pyproject.toml': projectFile },
      }),
    );
    const info = `*/site*/${name.replaceAll('-', '_')}-1.0.0.dist-info`;
    const listed = await space.run(['find', '..', '-path', info]);
    expect(listed.stdout.trim()).not.toBe('');
  });
}
