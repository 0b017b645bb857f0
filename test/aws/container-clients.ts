import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { levels } from '../../services/domain/access.ts';
import { describeTool, makeWorkspace, type Workspace } from '../clients/client.ts';
import { CONFORMANCE_TIMEOUT, conformance, expectConformance } from '../clients/container/conformance.ts';
import { logIn, registryClients } from '../clients/container/registry-clients.ts';
import { noise } from '../clients/noise.ts';
import { failed, succeeded } from '../clients/outcome.ts';
import { openPlayground, type Playground } from '../clients/playground.ts';
import type { RegistryAddress } from '../kit/accounts.ts';

const { oras } = registryClients;

/** ORAS pushes, lists, pulls, copies and deletes, and sees why it may not. */
export function containersWork(registry: () => RegistryAddress): void {
  describeTool(oras.tool, () => {
    let ground: Playground;
    let space: Workspace;
    beforeAll(async () => {
      ground = await openPlayground(registry());
      space = await makeWorkspace({ oras: oras.tool });
    });
    afterAll(async () => {
      await space?.remove();
      await ground?.remove();
    });

    test('pushes, lists, pulls, copies and deletes an image, and may only read with another token', async () => {
      const { host } = new URL(ground.url);
      const repository = `${host}/${ground.project.fullPath}/app`;
      const user = await ground.accounts.user({ of: ground.project, level: levels.developer });
      const writer = await ground.accounts.personalToken(user, ['write_registry']);
      const bytes = noise(3_000_000);
      await space.write('layer.tar', bytes);
      await succeeded(logIn(space, oras, host, writer.username, writer.secret));
      await succeeded(space.run(oras.push(`${repository}:1`)));
      await succeeded(space.run(oras.copy(`${repository}:1`, `${repository}/below:2`)));
      expect((await succeeded(space.run(oras.tags(`${repository}/below`)))).seen).toContain('2');
      await succeeded(space.run(oras.pull(`${repository}/below:2`, 'copied')));
      expect(bytes.equals(await readFile(join(space.project, 'copied/layer.tar')))).toBe(true);
      await succeeded(space.run(oras.remove(`${repository}/below:2`)));
      expect(await failed(space.run(oras.pull(`${repository}/below:2`, 'gone')))).toMatch(/not found/i);

      const reader = await ground.accounts.deployToken(ground.group, ['read_registry']);
      await succeeded(logIn(space, oras, host, reader.username, reader.secret));
      await succeeded(space.run(oras.pull(`${repository}:1`, 'pulled')));
      expect(await failed(space.run(oras.push(`${repository}:3`)))).toMatch(/denied|unauthorized|403|401/i);
    });
  });
}

/** The conformance suite of the OCI distribution specification. */
export function conformsToDistribution(registry: () => RegistryAddress): void {
  describeTool(conformance, () => {
    test('has no failures and no skips', { timeout: CONFORMANCE_TIMEOUT }, async () => {
      const ground = await openPlayground(registry());
      try {
        await expectConformance(ground, '1.1');
      } finally {
        await ground.remove();
      }
    });
  });
}
