import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool, type Tool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { install, type PythonUser, publish, pythonUser } from './python-client.ts';
import { pip26 } from './tools/pip.ts';
import { twine7 } from './tools/twine.ts';
import { uv, uvPublish } from './tools/uv.ts';

/** Real distributions, as `.ci/install-clients.sh` has fetched them: pandas, scikit-learn and matplotlib with their dependencies. */
const folder = resolve(import.meta.dirname, '../../../.cache/clients/python-stack');

function filesIn(path: string): string[] {
  try {
    return readdirSync(path)
      .filter((file) => /\.(whl|tar\.gz)$/.test(file))
      .sort();
  } catch {
    return [];
  }
}

const files = filesIn(folder);
const tool: Tool = {
  ...uv.tool,
  id: 'a scientific stack',
  version: `${files.length} files`,
  missing:
    files.length > 15 ? uv.tool.missing : 'its distributions are not installed: run .ci/install-clients.sh',
};

let ground: Playground;
let user: PythonUser;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await pythonUser();
});
afterAll(async () => {
  await user?.remove();
  await ground?.remove();
});

describeTool(tool, () => {
  const token = () => ground.tokens['group deploy'];

  test('is published file by file, by two clients into two projects of a group', async () => {
    const paths = files.map((file) => join(folder, file));
    const half = Math.floor(paths.length / 2);
    const to = (owner: typeof ground.project) => ({
      endpoint: ground.endpoint('pypi', owner),
      token: token(),
    });
    await succeeded(publish(user, twine7, to(ground.project), paths.slice(0, half)));
    await succeeded(publish(user, uvPublish, to(ground.openProject), paths.slice(half)));
    expect(paths.some((path) => path.endsWith('.tar.gz'))).toBe(true);
  });

  test('is listed by the group, with the SHA-256 of each file', async () => {
    const { username, secret } = token();
    const headers = {
      accept: 'application/vnd.pypi.simple.v1+json',
      authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`,
    };
    const index = `${ground.endpoint('pypi', ground.group)}/simple/`;
    const { projects } = (await (await fetch(index, { headers })).json()) as { projects: { name: string }[] };
    const hashes = new Map<string, string>();
    for (const { name } of projects) {
      const page = await fetch(`${index}${name}/`, { headers });
      const { files: listed } = (await page.json()) as {
        files: { filename: string; hashes: { sha256: string } }[];
      };
      for (const file of listed) hashes.set(file.filename, file.hashes.sha256);
    }
    expect([...hashes.keys()].sort()).toEqual(files);
    for (const file of files) {
      const digest = createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest('hex');
      expect([file, hashes.get(file)]).toEqual([file, digest]);
    }
  });

  const requirements = ['pandas', 'scikit-learn', 'matplotlib'];
  const from = () => ({ endpoint: ground.endpoint('pypi', ground.group), token: token() });

  test('is resolved by pip from the group alone, with the metadata files', async () => {
    const reader = await pythonUser();
    try {
      const { stdout } = await succeeded(install(reader, pip26, from(), requirements, ['--dry-run']));
      const chosen = /Would install (?<all>.*)/.exec(stdout)?.groups?.all?.split(' ') ?? [];
      // All but the back end that builds the source distribution.
      expect(chosen).toHaveLength(files.length - 1);
      expect(stdout.match(/Downloading \S+\.whl\.metadata/g)?.length).toBe(files.length - 2);
    } finally {
      await reader.remove();
    }
  });

  test('is installed by uv from the group alone, and works', async () => {
    const reader = await pythonUser();
    try {
      await succeeded(install(reader, uv, from(), requirements));
      const { command, env } = uv.python(reader.space.project);
      const program =
        'import matplotlib, pandas, sklearn, threadpoolctl; print(pandas.DataFrame({"a": [1, 2]}).sum().a)';
      const { stdout } = await succeeded(
        reader.run([...command, '-c', program], { ...env, MPLBACKEND: 'agg' }),
      );
      expect(stdout.trim()).toBe('3');
    } finally {
      await reader.remove();
    }
  });
});
