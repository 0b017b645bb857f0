import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeWorkspace, unpackedTool } from '../client.ts';
import type { Playground } from '../playground.ts';

/** The conformance suite of the OCI distribution specification. */
export const conformance = unpackedTool('oci-conformance', 'conformance');

/** How long a run of the suite may take, in milliseconds: about 2,000 requests, one after the other. */
export const CONFORMANCE_TIMEOUT = 600_000;

/** Runs the suite against two repositories, and expects that it reports no failures and skips nothing. */
export async function expectConformance(ground: Playground, version: string): Promise<void> {
  const space = await makeWorkspace({ conformance });
  try {
    const { seen } = await space.run(['conformance'], {
      env: {
        OCI_VERSION: version,
        OCI_REGISTRY: new URL(ground.url).host,
        OCI_TLS: 'disabled',
        OCI_REPO1: `${ground.project.fullPath}/one`,
        OCI_REPO2: `${ground.openProject.fullPath}/two/deeper`,
        OCI_USERNAME: 'root',
        OCI_PASSWORD: ground.rootToken,
        OCI_RESULTS_DIR: join(space.project, 'results'),
      },
      timeoutMs: CONFORMANCE_TIMEOUT,
    });
    const report = await readFile(join(space.project, 'results/junit.xml'), 'utf8');
    const [, tests = '0'] = / tests="(\d+)"/.exec(report) ?? [];
    expect(seen).toContain('OCI Conformance Result: Pass');
    expect(report).toMatch(/ failures="0" errors="0"/);
    expect(seen).toMatch(/Skip\.+: +0$/m);
    expect(Number(tests)).toBeGreaterThan(800);
  } finally {
    await space.remove();
  }
}
