import type { TestProject } from 'vitest/node';
import { failuresIn, type RegistryUnderTest, serveRegistry } from '../kit/serve-registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    registry: RegistryUnderTest;
  }
}

/**
 * Provides the tests with the registry at PACKHOUSE_TEST_URL and the administrator's PACKHOUSE_TEST_TOKEN, or with one
 * that is served for them and must have logged no failure at the end.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { PACKHOUSE_TEST_URL: url, PACKHOUSE_TEST_TOKEN: rootToken } = process.env;
  if (url) {
    if (!rootToken) throw new Error('PACKHOUSE_TEST_URL requires PACKHOUSE_TEST_TOKEN');
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
