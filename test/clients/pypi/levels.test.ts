import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import {
  asSdist,
  expected,
  installed,
  type PythonPackage,
  pythonPackage,
  writeDistributions,
  writeProject,
} from './packages.ts';
import { install, type Publisher, type PythonUser, publish, python, pythonUser } from './python-client.ts';
import { hatch } from './tools/hatch.ts';
import { pip24, pip26 } from './tools/pip.ts';
import { pipenv } from './tools/pipenv.ts';
import { poetry, poetryPublish } from './tools/poetry.ts';
import { build, flit } from './tools/tools.ts';
import { twine7 } from './tools/twine.ts';
import { uv, uvPublish } from './tools/uv.ts';

let ground: Playground;
let user: PythonUser;
/** Packages by the tool that built and published them; each requires the next one by its extra. */
let packages: Record<'setuptools' | 'uv' | 'poetry' | 'flit' | 'source', PythonPackage>;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await pythonUser();
  const prefix = ground.group.fullPath;
  const source = pythonPackage({ name: `${prefix}.source` });
  const chained = (by: string, next: PythonPackage, extra: string) =>
    pythonPackage({ name: `${prefix}-${by}`, version: '2.0.1', chain: [`${next.name}${extra}>=1`] });
  const byFlit = chained('flit', source, '');
  const byPoetry = chained('poetry', byFlit, '[chain]');
  const byUv = chained('uv', byPoetry, '[chain]');
  packages = {
    source,
    flit: byFlit,
    poetry: byPoetry,
    uv: byUv,
    setuptools: chained('tool', byUv, '[chain]'),
  };
});
afterAll(async () => {
  await user?.remove();
  await ground?.remove();
});

const endpoint = () => ground.endpoint('pypi', ground.project);
const setup = () => ({ endpoint: endpoint(), token: ground.tokens.personal });

/** Builds a wheel and a source distribution in a project's folder, and publishes both. */
async function buildAndPublish(folder: string, command: readonly string[], client: Publisher): Promise<void> {
  await succeeded(user.space.run(command, { cwd: folder }));
  const files = (await readdir(join(folder, 'dist'))).filter((file) => /\.(whl|gz)$/.test(file)).sort();
  expect(files).toHaveLength(2);
  await succeeded(
    publish(
      user,
      client,
      setup(),
      files.map((file) => join(folder, 'dist', file)),
    ),
  );
}

describeTool(twine7.tool, () => {
  test('publishes distributions that setuptools has built', async () => {
    const backEnd = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n';
    const data = '[tool.setuptools.package-data]\n"*" = ["**"]\n';
    const folder = await writeProject(user.space, packages.setuptools, backEnd + data);
    await buildAndPublish(folder, [...build.tool.command, '--no-isolation'], twine7);
  });

  test('publishes a source distribution without a wheel', async () => {
    const files = await writeDistributions(user.space, await asSdist(packages.source));
    await succeeded(publish(user, twine7, setup(), files));
  });
});

describeTool(uv.tool, () => {
  test('publishes distributions that it has built', async () => {
    const backEnd = '[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n';
    const folder = await writeProject(user.space, packages.uv, backEnd);
    await buildAndPublish(folder, [...uv.tool.command, 'build', '--offline', '--python', python], uvPublish);
  });
});

describeTool(poetry.tool, () => {
  test('publishes distributions that it has built', async () => {
    const backEnd = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n';
    const found = `[tool.poetry]\npackages = [{ include = "${packages.poetry.module}", from = "src" }]\n`;
    const folder = await writeProject(user.space, packages.poetry, found + backEnd);
    await buildAndPublish(folder, [...poetry.tool.command, 'build', '--no-interaction'], poetryPublish);
  });
});

describeTool(flit.tool, () => {
  test('builds and publishes in one command', async () => {
    const backEnd = '[build-system]\nrequires = ["flit_core>=3.2"]\nbuild-backend = "flit_core.buildapi"\n';
    const folder = await writeProject(user.space, packages.flit, backEnd);
    const { username, secret } = ground.tokens['project deploy'];
    const env = { FLIT_INDEX_URL: endpoint(), FLIT_USERNAME: username, FLIT_PASSWORD: secret };
    await succeeded(user.space.run([...flit.tool.command, 'publish', '--no-use-vcs'], { cwd: folder, env }));
  });
});

const everywhere = ['project', 'subgroup', 'group', 'instance'];
for (const [client, levels] of [
  [uv, everywhere],
  [pip26, ['project', 'instance']],
  [pip24, ['group']],
  [poetry, ['group']],
  [hatch, ['subgroup']],
  [pipenv, ['instance']],
] as const) {
  describeTool(client.tool, () => {
    test.for(levels)(
      'installs all packages through their extras, and builds those without a wheel, from the %s',
      async (level) => {
        const owner = new Map(levelsOf(ground)).get(level);
        const reader = await pythonUser();
        try {
          const from = { endpoint: ground.endpoint('pypi', owner), token: ground.tokens.personal };
          await succeeded(install(reader, client, from, [`${packages.setuptools.name}[chain]`]));
          const all = Object.values(packages);
          expect(await installed(reader, client, ...all)).toEqual(expected(...all));
        } finally {
          await reader.remove();
        }
      },
    );
  });
}
