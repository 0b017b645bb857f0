import { expect } from 'vitest';
import type { RegistryAddress } from '../../kit/accounts.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground } from '../playground.ts';
import {
  asSdist,
  asWheel,
  expected,
  installed,
  type PythonPackage,
  pythonPackage,
  writeDistributions,
} from './packages.ts';
import {
  type Installer,
  install,
  type Publisher,
  type PypiSetup,
  publish,
  pythonUser,
} from './python-client.ts';
import { uv, uvPublish } from './tools/uv.ts';

/** What the tests publish together: a wheel whose extra requires a package that is published as source only. */
export interface PackageSet {
  readonly lib: PythonPackage;
  readonly source: PythonPackage;
}

/** Publishes a set of packages into a project, under names that end in `suffix`. */
export async function publishSet(client: Publisher, setup: PypiSetup, suffix: string): Promise<PackageSet> {
  const source = pythonPackage({ name: `Source.${suffix}` });
  const lib = pythonPackage({ name: `lib-${suffix}`, version: '1.2.3', chain: [`source_${suffix}>=1,<2`] });
  const user = await pythonUser();
  try {
    for (const built of [asWheel(lib), await asSdist(source)]) {
      await succeeded(publish(user, client, setup, await writeDistributions(user.space, built)));
    }
    return { lib, source };
  } finally {
    await user.remove();
  }
}

/** Installs a set as a new user, with the extra, and checks every byte. */
export async function installSet(
  client: Installer,
  setup: PypiSetup,
  { lib, source }: PackageSet,
): Promise<void> {
  const user = await pythonUser();
  try {
    await succeeded(install(user, client, setup, [`${lib.name}[chain]~=1.2`]));
    expect(await installed(user, client, lib, source)).toEqual(expected(lib, source));
  } finally {
    await user.remove();
  }
}

/** Publishes and installs with uv at every level. The registry may be anywhere. */
export async function runPypiSmoke(registry: RegistryAddress): Promise<void> {
  if (uv.tool.missing) throw new Error(uv.tool.missing);
  const ground = await openPlayground(registry);
  try {
    const token = ground.tokens.personal;
    const suffix = ground.group.fullPath;
    const set = await publishSet(
      uvPublish,
      { endpoint: ground.endpoint('pypi', ground.project), token },
      suffix,
    );
    for (const [, owner] of levelsOf(ground)) {
      await installSet(uv, { endpoint: ground.endpoint('pypi', owner), token }, set);
    }
  } finally {
    await ground.remove();
  }
}
