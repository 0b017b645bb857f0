import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import {
  asSdist,
  asWheel,
  expected,
  installed,
  type PackageFacts,
  type PythonPackage,
  pythonPackage,
  writeDistributions,
} from './packages.ts';
import {
  type Installer,
  indexOf,
  install,
  type PythonUser,
  publish,
  python,
  pythonUser,
  withCredentials,
} from './python-client.ts';
import { pip24, pip26 } from './tools/pip.ts';
import { poetry } from './tools/poetry.ts';
import { uv, uvPublish } from './tools/uv.ts';

let ground: Playground;
const users: PythonUser[] = [];
/** A package of which 1.5 is yanked, 2.0 requires another Python, and 3.0rc1 is a pre-release. */
let many: PythonPackage[];
const REASON = 'broken: "lost" <data> & more';
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  const name = freshName('many');
  many = [];
  for (const facts of [
    { version: '1.4' },
    { version: '1.5' },
    { version: '2.0', requiresPython: '>=4,<5' },
    { version: '3.0rc1' },
  ]) {
    many.push(await published({ name, ...facts }));
  }
  const address = `${setup().endpoint}/yank/${name}/1.5`;
  const headers = { 'private-token': ground.maintainer.secret };
  const answer = await fetch(address, {
    method: 'PUT',
    headers,
    body: new URLSearchParams({ reason: REASON }),
  });
  expect(answer.status).toBe(204);
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

const setup = () => ({ endpoint: ground.endpoint('pypi', ground.project), token: ground.tokens.personal });

async function newUser(): Promise<PythonUser> {
  const user = await pythonUser();
  users.push(user);
  return user;
}

async function published(facts: PackageFacts): Promise<PythonPackage> {
  const pkg = pythonPackage({ size: 100, ...facts });
  const user = await newUser();
  await succeeded(publish(user, uvPublish, setup(), await writeDistributions(user.space, asWheel(pkg))));
  return pkg;
}

async function expectInstalled(
  client: Installer,
  requirement: string,
  pkg: PythonPackage | undefined,
): Promise<string> {
  if (!pkg) throw new Error('no such package');
  const user = await newUser();
  const { seen } = await succeeded(install(user, client, setup(), [requirement]));
  expect(await installed(user, client, pkg)).toEqual(expected(pkg));
  return seen;
}

/** Installers, and the range they get: Poetry chooses the highest version first and then fails because of its Python. */
const chosen: readonly (readonly [Installer, string])[] = [
  [pip26, ''],
  [pip24, ''],
  [uv, ''],
  [poetry, '<2'],
];

for (const [client, range] of chosen) {
  describeTool(client.tool, () => {
    test('installs the highest version that is neither yanked nor a pre-release nor for another Python', async () => {
      await expectInstalled(client, `${many[0]?.name}${range}`, many[0]);
    });

    test('installs a yanked version that is named exactly, and shows why it was yanked', async () => {
      const seen = await expectInstalled(client, `${many[1]?.name}==1.5`, many[1]);
      expect(seen.replaceAll(/\s+/g, ' ')).toContain(REASON);
    });
  });
}

for (const client of [pip26]) {
  describeTool(client.tool, () => {
    test('resolves dependencies by the metadata file and not by the wheel', async () => {
      const needed = await published({ name: freshName('needed') });
      const pkg = await published({ name: freshName('needing'), dependencies: [`${needed.name}==9`] });
      const seen = await failed(install(await newUser(), client, setup(), [pkg.name]));
      expect(seen).toContain('-py3-none-any.whl.metadata');
      expect(seen).not.toMatch(/Downloading \S+\.whl \(|Downloading http\S+\.whl /);
      expect(seen).toContain('No matching distribution found');
    });

    test('installs from the HTML page, with the metadata files it lists', async () => {
      const name = many[0]?.name ?? '';
      const page = `${withCredentials(indexOf(setup()), setup())}${name}/?format=text/html`;
      const user = await newUser();
      const args = ['install', '--target', 'site', '--no-index', '--find-links', page, name];
      const { seen } = await succeeded(user.run([...client.tool.command, ...args]));
      expect(seen).toContain(`${name.replaceAll('-', '_')}-1.4-py3-none-any.whl.metadata`);
      expect(await installed(user, client, ...many.slice(0, 1))).toEqual(expected(...many.slice(0, 1)));
    });

    test('checks the hashes of a requirements file', async () => {
      const pkg = pythonPackage({ name: freshName('hashed'), size: 100 });
      const built = asWheel(pkg);
      const user = await newUser();
      await succeeded(publish(user, uvPublish, setup(), await writeDistributions(user.space, built)));
      const digest = createHash('sha256').update(built.bytes).digest('hex');
      await user.space.write('good.txt', `${pkg.name}==1.0.0 --hash=sha256:${digest}\n`);
      await user.space.write('bad.txt', `${pkg.name}==1.0.0 --hash=sha256:${'0'.repeat(64)}\n`);
      await succeeded(install(user, client, setup(), ['--requirement', 'good.txt']));
      expect(
        await failed(
          install(await newUser(), client, setup(), ['--requirement', `${user.space.project}/bad.txt`]),
        ),
      ).toContain('HASHES');
    });
  });
}

describeTool(pip26.tool, () => {
  test('lists the versions that can be installed', async () => {
    const name = many[0]?.name ?? '';
    const user = await newUser();
    const index = ['--index-url', withCredentials(indexOf(setup()), setup())];
    const { stdout } = await succeeded(
      user.run([...pip26.tool.command, 'index', 'versions', '--pre', name, ...index]),
    );
    expect(stdout).toContain('Available versions: 3.0rc1, 1.4');
  });

  test('finds no version that was uploaded after a given day', async () => {
    const name = many[0]?.name ?? '';
    const args = ['--uploaded-prior-to', '2020-01-01'];
    expect(await failed(install(await newUser(), pip26, setup(), [name], args))).toContain(name);
    const later = new Date(Date.now() + 24 * 3600 * 1000).toISOString().slice(0, 10);
    await succeeded(install(await newUser(), pip26, setup(), [name], ['--uploaded-prior-to', later]));
  });
});

describeTool(uv.tool, () => {
  test('does not find a deleted package', async () => {
    const pkg = await published({ name: freshName('deleted') });
    await expectInstalled(uv, pkg.name, pkg);
    await ground.deletePackage(pkg.name);
    const seen = await failed(install(await newUser(), uv, setup(), [pkg.name]));
    expect(seen).toContain(`${pkg.name} was not found in the package registry`);
  });

  test('locks a project, and installs from the lock file with an empty cache', async () => {
    const source = pythonPackage({ name: freshName('source'), size: 100 });
    const writer = await newUser();
    await succeeded(
      publish(writer, uvPublish, setup(), await writeDistributions(writer.space, await asSdist(source))),
    );
    const pkg = await published({ name: freshName('locked'), dependencies: [source.name] });
    const pyproject = `[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["${pkg.name}"]

[tool.uv]
package = false

[[tool.uv.index]]
name = "there"
url = "${indexOf(setup())}"
default = true
`;
    const { username, secret } = ground.tokens.personal;
    const env = { UV_INDEX_THERE_USERNAME: username, UV_INDEX_THERE_PASSWORD: secret };
    const first = await newUser();
    await first.space.write('pyproject.toml', pyproject);
    await succeeded(first.run([...uv.tool.command, 'lock', '--python', python], env));
    const { stdout: lock } = await first.space.run(['cat', 'uv.lock']);
    expect(lock).toMatch(/hash = "sha256:[0-9a-f]{64}", size = \d+, upload-time = "/);
    expect(lock).not.toContain(secret);
    const second = await newUser();
    await second.space.write('pyproject.toml', pyproject);
    await second.space.write('uv.lock', lock);
    await succeeded(second.run([...uv.tool.command, 'sync', '--frozen', '--python', python], env));
    const inEnvironment = { ...uv, python: poetry.python };
    expect(await installed(second, inEnvironment, pkg, source)).toEqual(expected(pkg, source));
  });

  test('finds no version that was uploaded after a given day', async () => {
    const name = many[0]?.name ?? '';
    const seen = await failed(
      install(await newUser(), uv, setup(), [name], ['--exclude-newer', '2020-01-01']),
    );
    expect(seen).toContain(name);
    const later = new Date(Date.now() + 24 * 3600 * 1000).toISOString();
    await succeeded(install(await newUser(), uv, setup(), [name], ['--exclude-newer', later]));
  });
});
