import { expect } from 'vitest';
import { freshName, type RegistryAddress } from '../../kit/accounts.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground } from '../playground.ts';
import { type NpmClient, npmUser } from './npm-client.ts';
import { installedFiles, writePackage } from './packages.ts';

/** The size of a package that is too large for an API gateway, in bytes. */
export const LARGE = 60_000_000;

/** Publishes a package of 60 MB with a client, and installs it as another user, byte for byte. */
export async function runLargePackage(client: NpmClient, registry: RegistryAddress): Promise<void> {
  const ground = await openPlayground(registry);
  const setup = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
  const [publisher, installer] = [await npmUser(client, setup), await npmUser(client, setup)];
  try {
    const pkg = await writePackage(publisher.space, {
      name: freshName('large'),
      version: '1.0.0',
      size: LARGE,
    });
    await succeeded(publisher.publish(pkg));
    await succeeded(installer.add(pkg.name));
    expect(await installedFiles(installer.space, pkg)).toEqual(pkg.files);
  } finally {
    await publisher.remove();
    await installer.remove();
    await ground.remove();
  }
}
