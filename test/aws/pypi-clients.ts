import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeTool } from '../clients/client.ts';
import { failed, succeeded } from '../clients/outcome.ts';
import { levelsOf, openPlayground, type Playground, type TokenKind } from '../clients/playground.ts';
import { asWheel, expected, installed, pythonPackage, writeDistributions } from '../clients/pypi/packages.ts';
import {
  type Installer,
  install,
  type Publisher,
  type PythonUser,
  publish,
  pythonUser,
} from '../clients/pypi/python-client.ts';
import { installSet, type PackageSet, publishSet } from '../clients/pypi/smoke.ts';
import { pip26 } from '../clients/pypi/tools/pip.ts';
import { poetry, poetryPublish } from '../clients/pypi/tools/poetry.ts';
import { twine7 } from '../clients/pypi/tools/twine.ts';
import { uv, uvPublish } from '../clients/pypi/tools/uv.ts';
import { freshName, type RegistryAddress, type TestToken } from '../kit/accounts.ts';

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };

/** A publisher, an installer, and what the publisher prints for a status; a gateway drops the reason, which twine needs. */
export interface PythonPair {
  readonly publisher: Publisher;
  readonly installer: Installer;
  readonly says: (status: 401 | 403, words: string) => RegExp;
}

/** uv, in both directions. */
export const uvPair: PythonPair = {
  publisher: uvPublish,
  installer: uv,
  says: (status, words) => new RegExp(`${status} .*${words}`),
};

/** All pairs of the tests. */
export const pythonPairs: readonly PythonPair[] = [
  { publisher: twine7, installer: pip26, says: (status) => new RegExp(`HTTPError: ${status} `) },
  uvPair,
  { publisher: poetryPublish, installer: poetry, says: (status, words) => new RegExp(`${status}.*${words}`) },
];

/** Python clients publish and install, also with each of these kinds of token, and show why they may not. */
export function pypiClientsWork(
  registry: () => RegistryAddress,
  {
    pairs,
    kinds,
    levels,
  }: {
    readonly pairs: readonly PythonPair[];
    readonly kinds: readonly TokenKind[];
    readonly levels: readonly string[];
  },
): void {
  let ground: Playground;
  beforeAll(async () => {
    ground = await openPlayground(registry());
  });
  afterAll(() => ground?.remove());

  const at = (level: string) => ground.endpoint('pypi', new Map(levelsOf(ground)).get(level));

  async function withUser<T>(work: (user: PythonUser) => Promise<T>): Promise<T> {
    const user = await pythonUser();
    try {
      return await work(user);
    } finally {
      await user.remove();
    }
  }

  for (const { publisher, installer, says } of pairs) {
    describeTool(publisher.tool, () => {
      let set: PackageSet;

      test('publishes a wheel and a source distribution', async () => {
        const setup = { endpoint: at('project'), token: ground.tokens['project deploy'] };
        set = await publishSet(publisher, setup, `aws-${publisher.tool.id}`);
      });

      test.for(levels)(`${installer.tool.id} installs them from the %s`, (level) =>
        installSet(installer, { endpoint: at(level), token: ground.tokens.personal }, set),
      );

      test.for(kinds)(`publishes with a %s token, and ${installer.tool.id} installs with it`, (kind) =>
        withUser(async (user) => {
          const pkg = pythonPackage({ name: freshName('owned'), size: 10 });
          const token = ground.tokens[kind];
          const files = await writeDistributions(user.space, asWheel(pkg));
          await succeeded(publish(user, publisher, { endpoint: at('project'), token }, files));
          await succeeded(install(user, installer, { endpoint: at('group'), token }, [pkg.name]));
          expect(await installed(user, installer, pkg)).toEqual(expected(pkg));
        }),
      );

      test.for([
        ['wrong', () => wrong, 401, 'The token is missing, wrong, expired or revoked'],
        ['expired', () => ground.expired, 401, 'The token is missing, wrong, expired or revoked'],
        ['read-only', () => ground.readOnly, 403, 'The token has no scope for this request'],
      ] as const)('shows why a %s token may not publish', ([, token, status, words]) =>
        withUser(async (user) => {
          const setup = { endpoint: at('project'), token: token() };
          const files = await writeDistributions(
            user.space,
            asWheel(pythonPackage({ name: 'refused', size: 10 })),
          );
          expect(await failed(publish(user, publisher, setup, files))).toMatch(says(status, words));
          if (status === 403) await succeeded(install(user, installer, setup, [set.lib.name]));
          else
            expect(await failed(install(user, installer, setup, [set.lib.name]))).toMatch(
              /401|Authorization error/,
            );
        }),
      );
    });
  }
}
