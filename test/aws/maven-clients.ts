import { afterAll, beforeAll, test } from 'vitest';
import { describeTool } from '../clients/client.ts';
import { maven3 } from '../clients/maven/maven-client.ts';
import { consumeProject, type Deployed, deployProject } from '../clients/maven/smoke.ts';
import { levelsOf, openPlayground, type Playground } from '../clients/playground.ts';
import type { RegistryAddress } from '../kit/accounts.ts';

/** Maven deploys a project of several modules in four threads, and builds a project that needs it from some levels. */
export function mavenWorks(registry: () => RegistryAddress, levels: readonly string[]): void {
  describeTool(maven3, () => {
    let ground: Playground;
    let deployed: Deployed;
    beforeAll(async () => {
      ground = await openPlayground(registry());
      deployed = await deployProject(maven3, ground, {
        token: ground.tokens['group access'],
        carrier: 'Basic',
      });
    });
    afterAll(() => ground?.remove());

    test.for(levels)('builds a project that needs the deployed one from the %s', (level) =>
      consumeProject(maven3, ground, deployed, new Map(levelsOf(ground)).get(level), {
        token: ground.tokens['group deploy'],
        carrier: level === 'group' ? 'Basic' : 'Deploy-Token',
      }),
    );
  });
}
