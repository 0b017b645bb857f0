import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool, makeWorkspace, unpackedTool } from '../client.ts';
import { openPlayground, type Playground } from '../playground.ts';

const tool = unpackedTool('oci-conformance', 'conformance');

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

describeTool(tool, () => {
  // `dev` has what the next version of the specification adds, such as tags as parameters of a push.
  test.each(['1.1', 'dev'])(
    'has no failures and no skips with version %s of the specification',
    async (version) => {
      const space = await makeWorkspace({ conformance: tool });
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
    },
  );
});
