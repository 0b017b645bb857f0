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
  type PythonPackage,
  pythonPackage,
  writeDistributions,
} from './packages.ts';
import { install, type PythonUser, publish, pythonUser } from './python-client.ts';
import { hatchPublish } from './tools/hatch.ts';
import { poetryPublish } from './tools/poetry.ts';
import { twine6, twine7 } from './tools/twine.ts';
import { uv, uvPublish } from './tools/uv.ts';

let ground: Playground;
const users: PythonUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
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

async function expectStored(pkg: PythonPackage): Promise<void> {
  const user = await newUser();
  await succeeded(install(user, uv, setup(), [pkg.name]));
  expect(await installed(user, uv, pkg)).toEqual(expected(pkg));
}

for (const client of [twine7, twine6, uvPublish, poetryPublish, hatchPublish]) {
  describeTool(client.tool, () => {
    const pkg = pythonPackage({ name: freshName('again').replaceAll('-', '_'), size: 1_000 });
    const other = {
      ...pkg,
      contents: { ...pkg.contents, [`${pkg.module}/__init__.py`]: 'raise SystemError\n' },
    };

    test('succeeds with existing files, so that a half-done upload can be repeated', async () => {
      const user = await newUser();
      const files = await writeDistributions(user.space, await asSdist(pkg), asWheel(pkg));
      await succeeded(publish(user, client, setup(), files));
      await succeeded(publish(user, client, setup(), files));
    });

    test('skips existing files if it is configured to, or shows that it cannot', async () => {
      const user = await newUser();
      // uv compares files with the index itself, and skips only equal ones.
      const content = client === uvPublish ? pkg : other;
      const files = await writeDistributions(user.space, await asSdist(content), asWheel(content));
      if (typeof client.skipExisting === 'string') {
        const seen = await failed(publish(user, client, setup(), files, ['--skip-existing']));
        expect(seen).toMatch(
          /does not have support for the following features: --skip-existing|No such option '--skip-existing'/,
        );
        return;
      }
      const { args, says } = client.skipExisting;
      const { seen } = await succeeded(publish(user, client, setup(), files, args(setup())));
      expect(seen).toMatch(says);
    });

    // The older twine is only tested for what the newer one no longer supports.
    if (client === twine6) return;

    test('does not replace a file with other bytes of the same name', async () => {
      const user = await newUser();
      const files = await writeDistributions(user.space, asWheel(other));
      const seen = await failed(publish(user, client, setup(), files));
      expect(seen).toMatch(
        /400.*File name has already been taken: again_\S+ already exists, with other content/,
      );
      await expectStored(pkg);
    });

    test('completes a version of which one file was published before', async () => {
      const user = await newUser();
      const half = pythonPackage({ name: freshName('half').replaceAll('-', '_'), size: 1_000 });
      const [wheel, ...sdist] = await writeDistributions(user.space, asWheel(half), await asSdist(half));
      await succeeded(publish(user, client, setup(), [wheel ?? '']));
      const rest = await newUser();
      await succeeded(publish(rest, client, setup(), sdist));
      await expectStored(half);
    });
  });
}

describeTool(uv.tool, () => {
  test('detects that bytes differ from the index with --check-url', async () => {
    const user = await newUser();
    const pkg = pythonPackage({ name: freshName('differs'), size: 10 });
    await succeeded(publish(user, uvPublish, setup(), await writeDistributions(user.space, asWheel(pkg))));
    const other = pythonPackage({ name: pkg.name, size: 20 });
    const files = await writeDistributions(user.space, asWheel(other));
    const { skipExisting } = uvPublish;
    const check = typeof skipExisting === 'string' ? [] : skipExisting.args(setup());
    const seen = await failed(publish(user, uvPublish, setup(), files, check));
    expect(seen).toContain('Local file and index file do not match');
  });

  test('loses no file when many clients publish files of one new version concurrently', async () => {
    const pkg = pythonPackage({ name: freshName('crowd'), size: 1_000 });
    const tags = ['cp310', 'cp311', 'cp312', 'cp313', 'cp314'].map((each) => `${each}-${each}-win_amd64`);
    const built = [...tags.map((tag) => asWheel(pkg, tag)), asWheel(pkg), await asSdist(pkg)];
    const running = built.map(async (each) => {
      const user = await newUser();
      return succeeded(publish(user, uvPublish, setup(), await writeDistributions(user.space, each)));
    });
    await Promise.all(running);
    const { username, secret } = ground.tokens.personal;
    const page = await fetch(`${setup().endpoint}/simple/${pkg.name}/`, {
      headers: {
        accept: 'application/vnd.pypi.simple.v1+json',
        authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`,
      },
    });
    const { files } = (await page.json()) as { files: { filename: string }[] };
    expect(files.map(({ filename }) => filename).sort()).toEqual(
      built.map(({ fileName }) => fileName).sort(),
    );
    await expectStored(pkg);
  });
});
