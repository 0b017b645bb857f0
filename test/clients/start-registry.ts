import type { TestProject } from 'vitest/node';
import { failuresIn, type RegistryUnderTest, serveRegistry } from '../kit/serve-registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    registry: RegistryUnderTest;
  }
}

/**
 * Gives the tests the registry at PACKHOUSE_TEST_URL with the administrator's PACKHOUSE_TEST_TOKEN, or one that is
 * served for them and must not have failed once when they are done.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { PACKHOUSE_TEST_URL: url, PACKHOUSE_TEST_TOKEN: rootToken } = process.env;
  if (url) {
    if (!rootToken) throw new Error('PACKHOUSE_TEST_URL needs PACKHOUSE_TEST_TOKEN beside it');
    project.provide('registry', { url: url.replace(/\/+$/, ''), rootToken, log: undefined, pid: undefined });
    return undefined;
  }
  const served = await serveRegistry();
  const { url: servedUrl, rootToken: token, log, pid } = served;
  project.provide('registry', { url: servedUrl, rootToken: token, log, pid });
  return async () => {
    const failures = await failuresIn(served.log);
    await served.stop();
    if (failures.length > 0) throw new Error(`The registry failed during the tests:\n${failures.join('\n')}`);
  };
}
