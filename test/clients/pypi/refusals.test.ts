import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { freshName, type TestToken } from '../../kit/accounts.ts';
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
import { type Installer, install, type PythonUser, publish, pythonUser } from './python-client.ts';
import { hatch, hatchPublish } from './tools/hatch.ts';
import { pip24, pip26 } from './tools/pip.ts';
import { pipenv } from './tools/pipenv.ts';
import { poetry, poetryPublish } from './tools/poetry.ts';
import { twine7 } from './tools/twine.ts';
import { uv, uvPublish } from './tools/uv.ts';

let ground: Playground;
let endpoint: string;
let published: PythonPackage;
const users: PythonUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  endpoint = ground.endpoint('pypi', ground.project);
  published = pythonPackage({ name: freshName('taken'), size: 1_000 });
  const owner = await newUser();
  const files = await writeDistributions(owner.space, asWheel(published));
  await succeeded(publish(owner, uvPublish, { endpoint, token: ground.tokens.personal }, files));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function newUser(): Promise<PythonUser> {
  const user = await pythonUser();
  users.push(user);
  return user;
}

/** Checks that the output has nothing that only the authors of a server or client understand. */
function expectClear(seen: string): void {
  expect(seen).not.toMatch(
    /Traceback|\[object Object\]|\bundefined\b|Internal Server Error|Connection reset|BrokenPipe/,
  );
}

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };

const unauthorized = /401.*The token is missing, wrong, expired or revoked/;

for (const client of [twine7, uvPublish, poetryPublish, hatchPublish]) {
  describeTool(client.tool, () => {
    async function refused(
      token: TestToken | undefined,
      to = endpoint,
      built = asWheel(pythonPackage({ name: freshName('refused'), size: 10 })),
    ) {
      const user = await newUser();
      const seen = await failed(
        publish(user, client, { endpoint: to, token }, await writeDistributions(user.space, built)),
      );
      expectClear(seen);
      return seen;
    }

    test('shows 401 for a wrong token, also during the upload of a large file', async () => {
      const large = asWheel(pythonPackage({ name: freshName('large'), size: 30_000_000 }));
      expect(await refused(wrong, endpoint, large)).toMatch(unauthorized);
    });

    test('shows 401 for an expired token', async () => {
      expect(await refused(ground.expired)).toMatch(unauthorized);
    });

    test('shows that a read-only token has no scope to publish', async () => {
      expect(await refused(ground.readOnly)).toMatch(/403.*The token has no scope for this request/);
    });

    test('shows where to publish when it publishes to a group', async () => {
      const seen = await refused(ground.tokens.personal, ground.endpoint('pypi', ground.group));
      expect(seen).toContain('Publish to a project: this address only serves packages');
    });

    test('shows that a project does not exist', async () => {
      const to = endpoint.replace('closed', 'nowhere');
      expect(await refused(ground.tokens.personal, to)).toMatch(/404.*Project Not Found/);
    });

    test('shows why an archive whose version differs from its file name is refused', async () => {
      const name = freshName('mixed').replaceAll('-', '_');
      const { bytes, metadata } = await asSdist(pythonPackage({ name, version: '1.0', size: 10 }));
      const seen = await refused(ground.tokens.personal, endpoint, {
        fileName: `${name}-2.0.tar.gz`,
        bytes,
        metadata,
      });
      expect(seen).toMatch(/400.*has the version 1\.0/);
    });
  });
}

/**
 * What installers print when their token is wrong or missing. pip prints the text of an error page only with `-vv`, among
 * its own debug output.
 */
const installers: readonly (readonly [Installer, RegExp, RegExp])[] = [
  [pip26, /WARNING: 401 Error, Credentials not correct/, /No matching distribution found/],
  [pip24, /No matching distribution found/, /No matching distribution found/],
  [uv, /lack of valid authentication credentials \(401 Unauthorized\)/, /\(401 Unauthorized\)/],
  [poetry, /Authorization error accessing/, /Authorization error accessing/],
  [hatch, /401 Error, Credentials not correct/, /No matching distribution found/],
  [pipenv, /No matching distribution found/, /No matching distribution found/],
];

for (const [client, whenWrong, whenMissing] of installers) {
  describeTool(client.tool, () => {
    async function refused(token: TestToken | undefined, requirement = published.name) {
      const seen = await failed(install(await newUser(), client, { endpoint, token }, [requirement]));
      expectClear(seen);
      return seen;
    }

    test('names a package or version that does not exist', async () => {
      const missing = freshName('absent');
      expect(await refused(ground.tokens.personal, missing)).toContain(missing);
      const seen = await refused(ground.tokens.personal, `${published.name}==9.9.9`);
      expect(seen).toContain(published.name);
      expect(seen).toMatch(/9\.9\.9|matching version/);
    });

    // For the rest, the newest release of each installer is enough.
    if (client === pip24) return;

    describe('refuses to install a private package', () => {
      test('with a wrong token', async () => {
        expect(await refused(wrong)).toMatch(whenWrong);
      });
      // Hatch and Pipenv install by pip, and start slowly.
      if (client === hatch || client === pipenv) return;
      test('without a token', async () => {
        expect(await refused(undefined)).toMatch(whenMissing);
      });
      test('with an expired token', async () => {
        expect(await refused(ground.expired)).toMatch(whenWrong);
      });
    });

    test('installs with a read-only token', async () => {
      const user = await newUser();
      await succeeded(install(user, client, { endpoint, token: ground.readOnly }, [published.name]));
      expect(await installed(user, client, published)).toEqual(expected(published));
    });
  });
}
