import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshName } from '../kit/accounts.ts';
import { failuresIn, type ServedRegistry, serveRegistry } from '../kit/serve-registry.ts';
import { canMountDisks } from '../kit/small-disk.ts';
import { describeTool } from './client.ts';
import { carriers, curlTool, curlUser, sha256 } from './generic/curl.ts';
import { noise } from './noise.ts';
import { npmUser } from './npm/npm-client.ts';
import { writePackage } from './npm/packages.ts';
import { npm12 } from './npm/tools/npm.ts';
import { pnpm12 } from './npm/tools/pnpm.ts';
import { failed, succeeded } from './outcome.ts';
import { openPlayground, type Playground } from './playground.ts';

const MB = 1_000_000;

describe.skipIf(!canMountDisks)('a server with a full disk', () => {
  let served: ServedRegistry;
  let ground: Playground;
  beforeAll(async () => {
    served = await serveRegistry([], { disk: 100 });
    ground = await openPlayground(served);
  });
  afterAll(async () => {
    await ground?.remove();
    await served?.stop();
  });

  const ballast = () => join(served.data, '../ballast');
  const fill = () => writeFile(ballast(), noise(80 * MB));
  const makeRoom = () => rm(ballast());
  const uploads = () => readdir(join(served.data, 'uploads'));

  /** Checks that the full disk explains every failure that the server has logged. */
  async function expectOnlyFull(): Promise<void> {
    const failures = await failuresIn(served.log);
    expect(failures.filter((line) => JSON.parse(line).status === 507)).not.toEqual([]);
    expect(failures.filter((line) => !/"status":507|the disk is full|storage full/.test(line))).toEqual([]);
  }

  describeTool(curlTool, () => {
    test('refuses an upload with 507, keeps nothing of it, still serves files, and accepts it once there is space', async () => {
      const user = await curlUser();
      const token = carriers['PRIVATE-TOKEN'](ground.tokens.personal);
      const base = `${ground.endpoint('generic', ground.project)}/tool/1.0`;
      const [small, large] = [noise(MB), noise(40 * MB)];
      await user.space.write('small.bin', small);
      await user.space.write('large.bin', large);
      expect((await user.curl([...token, '-T', 'small.bin', `${base}/small.bin`])).status).toBe(201);
      await fill();
      const full = await user.curl([...token, '--fail-with-body', '-T', 'large.bin', `${base}/large.bin`]);
      expect([full.code, full.status, full.stdout]).toEqual([
        22,
        507,
        '{"message":"The storage is full; nothing was written"}',
      ]);
      expect(await uploads()).toEqual([]);
      await user.curl([...token, '-o', 'got.bin', `${base}/small.bin`]);
      expect(sha256(await user.read('got.bin'))).toBe(sha256(small));
      await makeRoom();
      expect((await user.curl([...token, '-T', 'large.bin', `${base}/large.bin`])).status).toBe(201);
      await user.curl([...token, '-o', 'got.bin', `${base}/large.bin`]);
      expect(sha256(await user.read('got.bin'))).toBe(sha256(large));
      await expectOnlyFull();
      await user.space.remove();
    });
  });

  for (const client of [npm12, pnpm12]) {
    describeTool(client.tool, () => {
      test('refuses a publish with 507 and a reason, keeps nothing of it, and accepts it once there is space', async () => {
        const registry = ground.endpoint('npm', ground.project);
        const user = await npmUser(client, { registry, token: ground.tokens.personal });
        const pkg = await writePackage(user.space, {
          name: freshName('full'),
          version: '1.0.0',
          size: 20 * MB,
        });
        await fill().catch(() => {}); // as much as fits
        const seen = await failed(user.publish(pkg));
        expect(seen).toContain('507');
        expect(seen).toContain('The storage is full; nothing was written');
        expect(await uploads()).toEqual([]);
        await makeRoom();
        await succeeded(user.publish(pkg));
        await expectOnlyFull();
        await user.remove();
      });
    });
  }
});
